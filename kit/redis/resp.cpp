#include "kit/redis/resp.hpp"

#include <hiredis/hiredis.h>

#include "kit/base/assert.hpp"

namespace evc::redis {
namespace {

Reply convert(const redisReply& raw) {
  Reply reply;
  switch (raw.type) {
    case REDIS_REPLY_STRING:
      reply.kind = Reply::Kind::kString;
      break;
    case REDIS_REPLY_STATUS:
      reply.kind = Reply::Kind::kStatus;
      break;
    case REDIS_REPLY_ERROR:
      reply.kind = Reply::Kind::kError;
      break;
    case REDIS_REPLY_INTEGER:
      reply.kind = Reply::Kind::kInteger;
      reply.integer = raw.integer;
      return reply;
    case REDIS_REPLY_ARRAY:
      reply.kind = Reply::Kind::kArray;
      reply.elements.reserve(raw.elements);
      for (std::size_t i = 0; i < raw.elements; ++i) reply.elements.push_back(convert(*raw.element[i]));
      return reply;
    default:
      return reply;  // nil
  }
  reply.text.assign(raw.str, raw.len);
  return reply;
}

}  // namespace

struct RespReader::Impl {
  std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader{redisReaderCreate(), redisReaderFree};
};

RespReader::RespReader() : impl_(std::make_unique<Impl>()) {}
RespReader::~RespReader() = default;
RespReader::RespReader(RespReader&&) noexcept = default;
RespReader& RespReader::operator=(RespReader&&) noexcept = default;

Result<void> RespReader::feed(std::string_view bytes) {
  if (redisReaderFeed(impl_->reader.get(), bytes.data(), bytes.size()) != REDIS_OK)
    return fail(Code::kProtocolError, impl_->reader->errstr);
  return {};
}

Result<std::optional<Reply>> RespReader::next() {
  void* raw = nullptr;
  if (redisReaderGetReply(impl_->reader.get(), &raw) != REDIS_OK)
    return fail(Code::kProtocolError, impl_->reader->errstr);
  if (raw == nullptr) return std::nullopt;
  const std::unique_ptr<redisReply, decltype(&freeReplyObject)> owned(static_cast<redisReply*>(raw), freeReplyObject);
  return convert(*owned);
}

void append_command(std::string& to, const std::vector<std::string>& arguments) {
  std::vector<const char*> pointers;
  std::vector<std::size_t> lengths;
  for (const std::string& argument : arguments) {
    pointers.push_back(argument.data());
    lengths.push_back(argument.size());
  }
  char* formatted = nullptr;
  const int length =
      redisFormatCommandArgv(&formatted, static_cast<int>(arguments.size()), pointers.data(), lengths.data());
  EVC_ASSERT(length >= 0);
  to.append(formatted, static_cast<std::size_t>(length));
  redisFreeCommand(formatted);
}

}  // namespace evc::redis
