#include "kit/runtime/deadline_wheel.hpp"

#include <array>
#include <bit>
#include <boost/asio/basic_waitable_timer.hpp>
#include <optional>
#include <utility>

#include "kit/base/assert.hpp"

namespace evc {
namespace {

constexpr auto kTick = std::chrono::milliseconds(10);
constexpr std::uint64_t kSlots = 1024;  // 10.24 s a turn; an entry that is due in a later turn stays in its slot
constexpr std::size_t kWords = kSlots / 64;
constexpr std::size_t kArmedLimit = 1'000'000;
constexpr std::uint64_t kNever = std::uint64_t{1} << 50;

// A circular list through its entries; a link alone points at itself.
struct Link {
  Link* previous = this;
  Link* next = this;
  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  bool alone() const { return next == this; }
  void unlink() {
    previous->next = next;
    next->previous = previous;
    previous = next = this;
  }
  void push_back(Link& link) {
    link.previous = previous;
    link.next = this;
    previous->next = &link;
    previous = &link;
  }
};

using Timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                      boost::asio::io_context::executor_type>;

}  // namespace

struct DeadlineWheel::Entry : Link {
  std::weak_ptr<Impl> wheel;
  std::uint64_t due = 0;  // tick
  std::function<void()> on_expire;
  bool is_armed = false;
};

struct DeadlineWheel::Impl : std::enable_shared_from_this<Impl> {
  explicit Impl(boost::asio::io_context& io) : timer(io) {}

  Timer timer;
  SteadyTime origin = std::chrono::steady_clock::now();
  std::array<Link, kSlots> slots;
  std::array<std::uint64_t, kWords> occupied{};  // one bit per slot; may say yes for a slot emptied since
  std::uint64_t done = 0;                        // every tick up to this one has been looked at
  std::uint64_t timer_tick = 0;                  // the tick the timer waits for, 0: it rests
  std::size_t armed = 0;

  std::uint64_t tick_before(SteadyTime time) const {
    return time <= origin ? 0 : static_cast<std::uint64_t>((time - origin) / kTick);
  }
  std::uint64_t tick_not_before(SteadyTime time) const {
    if (time <= origin) return 0;
    const auto distance = (time - origin) / kTick;
    return std::min<std::uint64_t>(static_cast<std::uint64_t>(distance) + 1, kNever);
  }

  void insert(Entry& entry) {
    const std::uint64_t slot = entry.due % kSlots;
    slots[slot].push_back(entry);
    occupied[slot / 64] |= std::uint64_t{1} << (slot % 64);
    if (timer_tick == 0 || entry.due < timer_tick) wait_for(entry.due);
  }

  void wait_for(std::uint64_t tick) {
    timer_tick = tick;
    timer.expires_at(origin + kTick * static_cast<std::int64_t>(std::min(tick, done + kSlots)));
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& failure) {
      if (failure) return;
      if (auto self = weak.lock()) self->on_timer();
    });
  }

  // The next tick whose slot holds anything, within one turn.
  std::optional<std::uint64_t> next_occupied() const {
    const std::uint64_t first = done + 1;
    for (std::uint64_t i = 0; i <= kWords; ++i) {
      const std::uint64_t word = (first / 64 + i) % kWords;
      std::uint64_t bits = occupied[word];
      if (i == 0) bits &= ~std::uint64_t{0} << (first % 64);
      if (i == kWords) bits &= ~(~std::uint64_t{0} << (first % 64));
      if (bits == 0) continue;
      return (first / 64 + i) * 64 + static_cast<std::uint64_t>(std::countr_zero(bits));
    }
    return std::nullopt;
  }

  void on_timer() {
    timer_tick = 0;
    const std::uint64_t now = tick_before(std::chrono::steady_clock::now());
    Link expired;
    const std::uint64_t first = now - std::min(now - std::min(done, now), kSlots);
    for (std::uint64_t tick = first + 1; tick <= now; ++tick) collect(tick % kSlots, now, expired);
    done = std::max(done, now);
    // One at a time from the list: a callback may disarm any other entry, which unlinks it from here too.
    while (!expired.alone()) {
      auto& entry = static_cast<Entry&>(*expired.next);
      release(entry);
      std::exchange(entry.on_expire, nullptr)();
    }
    if (armed == 0) return;
    // Also when a callback has armed something: what was armed before may be due earlier.
    const auto next = next_occupied();
    if (next && (timer_tick == 0 || *next < timer_tick)) wait_for(*next);
  }

  void collect(std::uint64_t slot, std::uint64_t now, Link& expired) {
    Link& list = slots[slot];
    for (Link* link = list.next; link != &list;) {
      Link* const following = link->next;
      if (static_cast<Entry*>(link)->due <= now) {
        link->unlink();
        expired.push_back(*link);
      }
      link = following;
    }
    if (list.alone()) occupied[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  }

  void release(Entry& entry) {
    entry.unlink();
    entry.is_armed = false;
    --armed;
    if (armed == 0 && timer_tick != 0) {
      timer_tick = 0;
      timer.cancel();
    }
  }

  ~Impl() {
    for (Link& slot : slots) {
      while (!slot.alone()) {
        static_cast<Entry*>(slot.next)->is_armed = false;
        slot.next->unlink();
      }
    }
  }
};

DeadlineWheel::Handle& DeadlineWheel::Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    disarm();
    entry_ = std::move(other.entry_);
  }
  return *this;
}

void DeadlineWheel::Handle::disarm() {
  const auto entry = std::exchange(entry_, nullptr);
  if (!entry || !entry->is_armed) return;
  if (auto wheel = entry->wheel.lock()) wheel->release(*entry);
}

bool DeadlineWheel::Handle::armed() const {
  return entry_ && entry_->is_armed;
}

DeadlineWheel::DeadlineWheel(boost::asio::io_context& io) : impl_(std::make_shared<Impl>(io)) {}
DeadlineWheel::~DeadlineWheel() = default;

DeadlineWheel::Handle DeadlineWheel::arm(SteadyTime when, std::function<void()> on_expire) {
  EVC_ASSERT(impl_->armed < kArmedLimit);
  if (impl_->armed == 0) impl_->done = std::max(impl_->done, impl_->tick_before(std::chrono::steady_clock::now()));
  auto entry = std::make_shared<Entry>();
  entry->wheel = impl_;
  entry->due = std::max(impl_->tick_not_before(when), impl_->done + 1);
  entry->on_expire = std::move(on_expire);
  entry->is_armed = true;
  ++impl_->armed;
  impl_->insert(*entry);
  return Handle(std::move(entry));
}

std::size_t DeadlineWheel::armed() const {
  return impl_->armed;
}

}  // namespace evc
