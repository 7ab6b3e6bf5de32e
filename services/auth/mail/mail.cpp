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

std::string not_verified_mail(const std::string& to) {
  return compose(
      to, "EV-Costa: este e-mail ainda não foi confirmado / this address is not confirmed yet",
      "Pediram uma senha nova para este e-mail, que foi cadastrado e nunca confirmado. Cadastre-se de novo com "
      "a senha que quiser: o endereço da mensagem seguinte ativa a conta com ela.\r\nSomebody asked for a new "
      "password for this address, which was registered and never confirmed. Register again with a password of "
      "your choice: the link of the mail that follows activates the account with it.\r\n\r\nSe não foi você, "
      "ignore esta mensagem. If it was not you, ignore this message.");
}

std::string password_reset_mail(const std::string& to, const std::string& code, std::chrono::minutes life) {
  return compose(to, "EV-Costa: uma senha nova / a new password",
                 fmt::format("Use este código no aplicativo em {0} minutos para escolher uma senha nova. Depois será "
                             "preciso entrar de novo em todos os aparelhos.\r\nUse this code in the app within {0} "
                             "minutes to choose a new password. Every device will have to sign in again.\r\n\r\n{1}"
                             "\r\n\r\nSe não foi você, ignore esta mensagem: a sua senha continua valendo. If it was "
                             "not you, ignore this message: your password stays.",
                             life.count(), code));
}

std::string email_change_mail(const std::string& to, const std::string& code, std::chrono::minutes life) {
  return compose(to, "EV-Costa: confirme o seu novo e-mail / confirm your new e-mail",
                 fmt::format("Use este código no aplicativo em {0} minutos para que a sua conta passe a usar este "
                             "e-mail.\r\nUse this code in the app within {0} minutes to move your account to this "
                             "address.\r\n\r\n{1}\r\n\r\nSe não foi você, ignore esta mensagem. If it was not you, "
                             "ignore this message.",
                             life.count(), code));
}

std::string notice_mail(const std::string& to, Notice notice) {
  constexpr std::string_view kNotYou =
      "\r\n\r\nSe não foi você, peça já uma senha nova e encerre as outras sessões. If it was not you, ask for a new "
      "password now and end the other sessions.";
  const auto words = [notice]() -> std::string_view {
    switch (notice) {
      case Notice::kPasswordChanged:
        return "A senha da sua conta foi trocada. As chaves de acesso continuam valendo: apague na sua conta as "
               "que não reconhecer. The password of your account was changed. Passkeys stay: delete those that you "
               "do not know on your account page.";
      case Notice::kEmailChangeAsked:
        return "Pediram para a sua conta passar a usar outro e-mail. Somebody asked to move your account to another "
               "address.";
      case Notice::kEmailChanged:
        return "A sua conta passou a usar outro e-mail. Your account has moved to another address.";
      case Notice::kSecondFactorOn:
        return "A verificação em duas etapas foi ligada. The second factor was turned on.";
      case Notice::kSecondFactorOff:
        return "A verificação em duas etapas foi desligada. The second factor was turned off.";
      case Notice::kPasskeyAdded:
        return "Uma chave de acesso foi acrescentada à sua conta. A passkey was added to your account.";
      case Notice::kPasskeyDeleted:
        return "Uma chave de acesso da sua conta foi apagada. A passkey of your account was deleted.";
    }
    return "";
  };
  return compose(to, "EV-Costa: a sua conta mudou / your account has changed",
                 std::string(words()) + std::string(kNotYou));
}

std::string recipient_of(std::string_view mail) {
  constexpr std::string_view kField = "\r\nTo: <";
  const auto field = mail.find(kField);
  if (field == std::string_view::npos) return {};
  const std::string_view rest = mail.substr(field + kField.size());
  return std::string(rest.substr(0, std::min(rest.find('>'), rest.size())));
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
