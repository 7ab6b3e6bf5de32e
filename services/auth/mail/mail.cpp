#include "services/auth/mail/mail.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace evc::auth_service {
namespace {

std::string compose(const std::string& to, std::string_view subject, std::string_view text) {
  return fmt::format(
      "From: EV-Costa <no-reply@evcosta.example>\r\nTo: <{}>\r\nSubject: {}\r\nMIME-Version: 1.0\r\nContent-Type: "
      "text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: 8bit\r\n\r\n{}\r\n",
      to, subject, text);
}

}  // namespace

std::string verification_mail(const std::string& to, const std::string& issuer, const std::string& token) {
  const std::string link = issuer + "/auth/verify?token=" + token;
  return compose(to, "EV-Costa: confirme o seu e-mail / confirm your e-mail",
                 fmt::format("Abra este endereço em 24 horas para ativar a sua conta:\r\nOpen this address within 24 "
                             "hours to activate your account:\r\n\r\n{}\r\n\r\n"
                             "Se não foi você, ignore esta mensagem. If it was not you, ignore this message.",
                             link));
}

std::string already_registered_mail(const std::string& to, const std::string& issuer) {
  return compose(to, "EV-Costa: este e-mail já tem uma conta / this e-mail has an account",
                 fmt::format("Alguém pediu uma conta nova para este e-mail, que já tem uma. Para entrar / Somebody "
                             "asked for a new account for this address, which has one. To sign in:\r\n"
                             "\r\n{}\r\n\r\nSe não foi você, nada mudou. If it was not you, nothing has changed.",
                             issuer));
}

Result<void> spool_mail(const std::string& dir, const Uuid& id, const std::string& mail) {
  std::error_code ignored;
  std::filesystem::create_directories(dir, ignored);
  const std::string final_name = dir + "/" + to_string(id) + ".eml";
  const std::string partial = final_name + ".part";
  const int file = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0)
    return fail(Code::kServiceUnavailable, fmt::format("the mail spool is not writable: {}", std::strerror(errno)));
  const ssize_t written = ::write(file, mail.data(), mail.size());
  const bool synced = ::fsync(file) == 0;
  ::close(file);
  if (written != static_cast<ssize_t>(mail.size()) || !synced)
    return fail(Code::kServiceUnavailable, "the mail spool took only part of a mail");
  if (std::rename(partial.c_str(), final_name.c_str()) != 0)
    return fail(Code::kServiceUnavailable, "the mail could not be moved into the spool");
  return {};
}

}  // namespace evc::auth_service
