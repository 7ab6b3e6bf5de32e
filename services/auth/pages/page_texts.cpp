#include "services/auth/pages/page_texts.hpp"

#include <algorithm>
#include <array>

namespace evc::auth_service {
namespace {

constexpr PageTexts kPortuguese{
    .sign_in = "Entrar",
    .to_continue_to = "para continuar em {}",
    .email = "E-mail",
    .password = "Senha",
    .enter = "Entrar",
    .second_step = "Confirme que é você",
    .code = "Código de verificação",
    .code_hint = "O código de 6 dígitos do seu aplicativo autenticador, ou um código de recuperação.",
    .confirm = "Confirmar",
    .wrong = "E-mail ou senha não conferem. Verifique os dois e tente de novo.",
    .wrong_code = "O código não confere ou já foi usado. Espere o próximo e tente de novo.",
    .other_account = "O aplicativo espera outra conta. Entre com ela, ou volte ao aplicativo e comece de novo.",
    .too_many = "Foram muitas tentativas sem sucesso. Espere alguns minutos e tente de novo.",
    .busy = "Não conseguimos atender agora. Tente de novo em alguns segundos.",
    .over =
        "Esta página ficou aberta por muito tempo, ou foi aberta em outro navegador. Volte ao aplicativo e comece de "
        "novo.",
    .wants = "{} quer acessar a sua conta",
    .signed_in_as = "Você entrou como",
    .allow = "Permitir",
    .deny = "Não permitir",
    .consent_note = "Ao permitir, este aplicativo poderá:",
    .sign_out = "Sair",
    .sign_out_question =
        "Você quer sair da EV-Costa neste navegador? Os aplicativos em que você entrou por aqui também "
        "saem.",
    .sign_out_yes = "Sair agora",
    .signed_out = "Você saiu",
    .signed_out_note = "A sua sessão terminou. Pode fechar esta página.",
    .cannot_go_on = "Não é possível continuar",
    .unknown_client = "O aplicativo que trouxe você até aqui não está cadastrado na EV-Costa.",
    .unknown_redirect = "O aplicativo pediu para voltar a um endereço que não está no cadastro dele.",
    .bad_request = "O pedido do aplicativo está incompleto ou repetido.",
    .bad_logout = "O pedido de saída não pôde ser conferido.",
    .support = "Código para o suporte:"};

constexpr PageTexts kEnglish{
    .sign_in = "Sign in",
    .to_continue_to = "to continue to {}",
    .email = "E-mail",
    .password = "Password",
    .enter = "Sign in",
    .second_step = "Confirm that it is you",
    .code = "Verification code",
    .code_hint = "The 6-digit code of your authenticator app, or a recovery code.",
    .confirm = "Confirm",
    .wrong = "E-mail or password are not right. Check both and try again.",
    .wrong_code = "The code is not right, or was used already. Wait for the next one and try again.",
    .other_account = "The app expects another account. Sign in with that one, or go back to the app and begin again.",
    .too_many = "There were too many attempts without success. Wait a few minutes and try again.",
    .busy = "We cannot answer at the moment. Try again in a few seconds.",
    .over = "This page was open for too long, or was opened in another browser. Go back to the app and begin again.",
    .wants = "{} wants to use your account",
    .signed_in_as = "You are signed in as",
    .allow = "Allow",
    .deny = "Do not allow",
    .consent_note = "If you allow it, this app will be able to:",
    .sign_out = "Sign out",
    .sign_out_question =
        "Do you want to sign out of EV-Costa in this browser? Apps that you signed in to from here are "
        "signed out as well.",
    .sign_out_yes = "Sign out now",
    .signed_out = "You are signed out",
    .signed_out_note = "Your session has ended. You can close this page.",
    .cannot_go_on = "This cannot go on",
    .unknown_client = "The app that brought you here is not registered with EV-Costa.",
    .unknown_redirect = "The app asked to return to an address that is not registered for it.",
    .bad_request = "The app's request is incomplete or says something twice.",
    .bad_logout = "The request to sign out could not be verified.",
    .support = "Code for support:"};

constexpr PageTexts kSpanish{
    .sign_in = "Iniciar sesión",
    .to_continue_to = "para continuar en {}",
    .email = "Correo electrónico",
    .password = "Contraseña",
    .enter = "Iniciar sesión",
    .second_step = "Confirme que es usted",
    .code = "Código de verificación",
    .code_hint = "El código de 6 dígitos de su aplicación de autenticación, o un código de recuperación.",
    .confirm = "Confirmar",
    .wrong = "El correo o la contraseña no coinciden. Revise los dos e inténtelo de nuevo.",
    .wrong_code = "El código no coincide o ya fue usado. Espere el siguiente e inténtelo de nuevo.",
    .other_account = "La aplicación espera otra cuenta. Entre con ella, o vuelva a la aplicación y empiece de nuevo.",
    .too_many = "Hubo demasiados intentos sin éxito. Espere unos minutos e inténtelo de nuevo.",
    .busy = "No podemos atenderle ahora. Inténtelo de nuevo en unos segundos.",
    .over =
        "Esta página estuvo abierta demasiado tiempo, o se abrió en otro navegador. Vuelva a la aplicación y empiece "
        "de nuevo.",
    .wants = "{} quiere usar su cuenta",
    .signed_in_as = "Ha iniciado sesión como",
    .allow = "Permitir",
    .deny = "No permitir",
    .consent_note = "Si lo permite, esta aplicación podrá:",
    .sign_out = "Cerrar sesión",
    .sign_out_question =
        "¿Quiere cerrar la sesión de EV-Costa en este navegador? También se cierra en las aplicaciones "
        "en las que entró desde aquí.",
    .sign_out_yes = "Cerrar ahora",
    .signed_out = "Sesión cerrada",
    .signed_out_note = "Su sesión ha terminado. Puede cerrar esta página.",
    .cannot_go_on = "No es posible continuar",
    .unknown_client = "La aplicación que le trajo aquí no está registrada en EV-Costa.",
    .unknown_redirect = "La aplicación pidió volver a una dirección que no está en su registro.",
    .bad_request = "La solicitud de la aplicación está incompleta o repetida.",
    .bad_logout = "La solicitud de cierre de sesión no pudo verificarse.",
    .support = "Código para soporte:"};

struct ScopeTexts {
  std::string_view scope, pt, en, es;
};
constexpr std::array kScopes{
    ScopeTexts{"openid", "saber que é a mesma conta quando você voltar",
               "know that it is the same account when you return", "saber que es la misma cuenta cuando vuelva"},
    ScopeTexts{"profile", "ver o seu nome", "see your name", "ver su nombre"},
    ScopeTexts{"email", "ver o seu e-mail", "see your e-mail address", "ver su correo electrónico"},
    ScopeTexts{"account:manage", "mudar como você entra na sua conta", "change how you sign in to your account",
               "cambiar cómo inicia sesión en su cuenta"},
    ScopeTexts{"profile:read", "ver o seu perfil e os seus veículos", "see your profile and your vehicles",
               "ver su perfil y sus vehículos"},
    ScopeTexts{"profile:write", "mudar o seu perfil e os seus veículos", "change your profile and your vehicles",
               "cambiar su perfil y sus vehículos"},
    ScopeTexts{"routing:read", "planejar viagens", "plan trips", "planificar viajes"},
    ScopeTexts{"stations:read", "ver as estações de recarga", "see charging stations", "ver las estaciones de carga"},
    ScopeTexts{"charging:read", "ver as suas recargas", "see your charging sessions", "ver sus cargas"},
    ScopeTexts{"charging:write", "iniciar e encerrar recargas em seu nome, que são cobradas de você",
               "start and stop charges in your name, which you pay for",
               "iniciar y detener cargas a su nombre, que usted paga"},
    ScopeTexts{"payments:read", "ver os seus pagamentos", "see your payments", "ver sus pagos"},
    ScopeTexts{"operations:read", "ver a operação da rede", "see how the network runs", "ver la operación de la red"},
    ScopeTexts{"operations:stations", "comandar estações", "command stations", "enviar órdenes a las estaciones"},
    ScopeTexts{"operations:payments", "decidir sobre pagamentos e devoluções", "decide about payments and refunds",
               "decidir sobre pagos y devoluciones"},
    ScopeTexts{"operations:dead-letters", "decidir sobre eventos parados", "decide about events that stand still",
               "decidir sobre eventos detenidos"},
    ScopeTexts{"operations:faults", "provocar falhas para um exercício", "make parts fail for a drill",
               "provocar fallos para un simulacro"},
};

}  // namespace

const PageTexts& texts_in(http::Language language) {
  switch (language) {
    case http::Language::kEnglish:
      return kEnglish;
    case http::Language::kSpanish:
      return kSpanish;
    default:
      return kPortuguese;
  }
}

std::optional<std::string_view> scope_text(std::string_view scope, http::Language language) {
  const auto found = std::ranges::find(kScopes, scope, &ScopeTexts::scope);
  if (found == kScopes.end()) return std::nullopt;
  if (language == http::Language::kEnglish) return found->en;
  return language == http::Language::kSpanish ? found->es : found->pt;
}

}  // namespace evc::auth_service
