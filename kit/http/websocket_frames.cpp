#include "kit/http/websocket_frames.hpp"

#include <algorithm>
#include <utility>

#include "kit/http/character_sets.hpp"

namespace evc::http {
namespace {

constexpr int kProtocolError = 1002;
constexpr int kUnsupported = 1003;
constexpr int kInvalidText = 1007;
constexpr int kTooBig = 1009;
constexpr std::uint64_t kControlLimit = 125;

std::unexpected<FrameError> broken(std::string reason, int code = kProtocolError) {
  return std::unexpected(FrameError{code, std::move(reason)});
}

bool is_known(std::uint8_t opcode) {
  return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

// RFC 6455 §7.4: the codes that may travel.
bool may_travel(int code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace

std::expected<std::vector<FrameEvent>, FrameError> FrameReader::feed(std::string_view bytes) {
  std::vector<FrameEvent> events;
  std::size_t at = 0;
  // A frame without payload is complete before the next byte, so the loop looks once more after the last one.
  for (;;) {
    if (state_ == State::kPayload) {
      std::string& target = is_control() ? control_ : message_;
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(length_ - payload_at_, bytes.size() - at));
      for (std::size_t i = 0; i < count; ++i) {
        const auto byte = static_cast<std::uint8_t>(bytes[at + i]);
        target.push_back(static_cast<char>(byte ^ mask_[(payload_at_ + i) % 4]));
      }
      at += count;
      payload_at_ += count;
      if (payload_at_ < length_) return events;
      if (auto done = frame_done(events); !done) return std::unexpected(std::move(done).error());
      continue;
    }
    if (at == bytes.size()) return events;
    if (auto taken = head_byte(static_cast<std::uint8_t>(bytes[at])); !taken)
      return std::unexpected(std::move(taken).error());
    ++at;
  }
}

std::expected<void, FrameError> FrameReader::head_byte(std::uint8_t byte) {
  if (state_ == State::kLength) {
    length_ = (length_ << 8) | byte;
    return --length_bytes_ == 0 ? length_done() : std::expected<void, FrameError>();
  }
  if (state_ == State::kMask) {
    mask_[static_cast<std::size_t>(mask_bytes_++)] = byte;
    if (mask_bytes_ == 4) after_mask();
    return {};
  }
  if (head_bytes_++ == 0) {
    final_ = (byte & 0x80) != 0;
    opcode_ = byte & 0x0F;
    if ((byte & 0x70) != 0) return broken("reserved bits are set");
    if (!is_known(opcode_)) return broken("unknown opcode");
    if (is_control() && !final_) return broken("a control frame in fragments");
    if (opcode_ == static_cast<std::uint8_t>(Opcode::kBinary)) return broken("only text is accepted", kUnsupported);
    const bool continuation = opcode_ == static_cast<std::uint8_t>(Opcode::kContinuation);
    if (!is_control() && continuation != in_message_) return broken("fragments out of order");
    return {};
  }
  const bool masked = (byte & 0x80) != 0;
  if (masked != (role_ == WebSocketRole::kServer)) return broken("a mask where none belongs, or none where one does");
  const std::uint8_t length = byte & 0x7F;
  length_size_ = length == 126 ? 2 : length == 127 ? 8 : 0;
  length_ = length_size_ == 0 ? length : 0;
  length_bytes_ = length_size_;
  if (is_control() && length > kControlLimit) return broken("a control frame that is too long");
  if (length_size_ == 0) return length_done();
  state_ = State::kLength;
  return {};
}

std::expected<void, FrameError> FrameReader::length_done() {
  const bool longer_than_needed = (length_size_ == 2 && length_ < 126) || (length_size_ == 8 && length_ < 65536);
  if (longer_than_needed || (length_ >> 63) != 0) return broken("a length in the wrong form");
  if (!is_control() && length_ + message_.size() > limit_) return broken("the message is too long", kTooBig);
  mask_ = {};
  mask_bytes_ = 0;
  if (role_ == WebSocketRole::kServer) {
    state_ = State::kMask;
  } else {
    after_mask();
  }
  return {};
}

void FrameReader::after_mask() {
  state_ = State::kPayload;
  payload_at_ = 0;
}

std::expected<void, FrameError> FrameReader::frame_done(std::vector<FrameEvent>& events) {
  state_ = State::kHead;
  head_bytes_ = 0;
  if (opcode_ == static_cast<std::uint8_t>(Opcode::kClose)) return close_done(events);
  if (is_control()) {
    events.push_back({.kind = static_cast<Opcode>(opcode_), .payload = std::exchange(control_, {})});
    return {};
  }
  in_message_ = !final_;
  if (!final_) return {};
  if (!is_utf8(message_)) return broken("the text is not UTF-8", kInvalidText);
  events.push_back({.kind = Opcode::kText, .payload = std::exchange(message_, {})});
  return {};
}

std::expected<void, FrameError> FrameReader::close_done(std::vector<FrameEvent>& events) {
  const std::string payload = std::exchange(control_, {});
  FrameEvent event{.kind = Opcode::kClose};
  if (payload.size() == 1) return broken("a close frame with half a code");
  if (payload.size() >= 2) {
    event.close_code = (static_cast<std::uint8_t>(payload[0]) << 8) | static_cast<std::uint8_t>(payload[1]);
    event.payload = payload.substr(2);
    if (!may_travel(event.close_code)) return broken("a close code that may not travel");
    if (!is_utf8(event.payload)) return broken("the reason is not UTF-8", kInvalidText);
  }
  events.push_back(std::move(event));
  return {};
}

std::string write_frame(Opcode opcode, std::string_view payload, const std::array<std::uint8_t, 4>* mask) {
  const std::uint8_t mask_bit = mask != nullptr ? 0x80 : 0;
  std::string frame;
  frame.reserve(payload.size() + 14);
  frame.push_back(static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode)));
  int size = 0;
  if (payload.size() < 126) {
    frame.push_back(static_cast<char>(mask_bit | payload.size()));
  } else {
    size = payload.size() < 65536 ? 2 : 8;
    frame.push_back(static_cast<char>(mask_bit | (size == 2 ? 126 : 127)));
  }
  for (int i = size - 1; i >= 0; --i) frame.push_back(static_cast<char>((payload.size() >> (8 * i)) & 0xFF));
  if (mask == nullptr) return frame.append(payload);
  frame.append(reinterpret_cast<const char*>(mask->data()), mask->size());
  for (std::size_t i = 0; i < payload.size(); ++i)
    frame.push_back(static_cast<char>(static_cast<std::uint8_t>(payload[i]) ^ (*mask)[i % 4]));
  return frame;
}

std::string close_payload(int code, std::string_view reason) {
  constexpr std::size_t kReasonBytes = 123;
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return payload.append(reason.substr(0, kReasonBytes));
}

}  // namespace evc::http
