// WebSocket frames (RFC 6455 §5) as state machines without I/O. Strict: no reserved bits, the shortest length form,
// masks exactly where they belong, UTF-8 text only, control frames whole. Limit: the size of one message, fragments
// together.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace evc::http {

enum class WebSocketRole { kServer, kClient };
enum class Opcode : std::uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

struct FrameEvent {
  Opcode kind = Opcode::kText;  // kText: a whole message; kPing, kPong, kClose
  std::string payload;          // of kClose: the reason
  int close_code = 1005;        // of kClose: 1005 when the peer gave none
};

// Why the connection must end: the code of our close frame.
struct FrameError {
  int close_code = 1002;
  std::string reason;
};

class FrameReader {
 public:
  FrameReader(WebSocketRole role, std::size_t message_limit_bytes) : role_(role), limit_(message_limit_bytes) {}
  // Takes all of `bytes` and returns what became complete.
  std::expected<std::vector<FrameEvent>, FrameError> feed(std::string_view bytes);

 private:
  enum class State { kHead, kLength, kMask, kPayload };
  std::expected<void, FrameError> head_byte(std::uint8_t byte);
  std::expected<void, FrameError> length_done();
  std::expected<void, FrameError> frame_done(std::vector<FrameEvent>& events);
  std::expected<void, FrameError> close_done(std::vector<FrameEvent>& events);
  bool is_control() const { return opcode_ >= 8; }
  void after_mask();

  WebSocketRole role_;
  std::size_t limit_;
  State state_ = State::kHead;
  int head_bytes_ = 0;
  bool final_ = false;
  std::uint8_t opcode_ = 0;
  bool in_message_ = false;
  int length_bytes_ = 0;  // still to come
  int length_size_ = 0;   // 0, 2 or 8
  std::uint64_t length_ = 0;
  std::array<std::uint8_t, 4> mask_{};
  int mask_bytes_ = 0;
  std::uint64_t payload_at_ = 0;
  std::string control_;
  std::string message_;
};

// A client passes four random bytes as the mask.
std::string write_frame(Opcode opcode, std::string_view payload, const std::array<std::uint8_t, 4>* mask);
std::string close_payload(int code, std::string_view reason);

}  // namespace evc::http
