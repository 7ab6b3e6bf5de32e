// At most so many at once, so that one slow callee cannot take every coroutine and connection. A permit returns its
// place when it is destroyed. Lives on one worker; the bulkhead must outlive its permits.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

namespace evc::resilience {

class Bulkhead {
 public:
  class Permit {
   public:
    explicit Permit(Bulkhead& owner) : owner_(&owner) { ++owner.in_use_; }
    Permit(Permit&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      std::swap(owner_, other.owner_);
      return *this;
    }
    ~Permit() {
      if (owner_ != nullptr) --owner_->in_use_;
    }

   private:
    Bulkhead* owner_;
  };

  explicit Bulkhead(std::size_t limit) : limit_(limit) {}
  Bulkhead(const Bulkhead&) = delete;
  Bulkhead& operator=(const Bulkhead&) = delete;

  // nullopt when full.
  std::optional<Permit> enter() {
    if (in_use_ >= limit_) return std::nullopt;
    return Permit(*this);
  }
  std::size_t in_use() const { return in_use_; }

 private:
  std::size_t limit_;
  std::size_t in_use_ = 0;
};

}  // namespace evc::resilience
