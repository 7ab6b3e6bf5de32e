#include "services/routing/api/obstacle_texts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace evc::routing {
namespace {

struct Texts {
  const char *portuguese, *english, *spanish;
  const char* in(Language language) const {
    return language == Language::kPortuguese ? portuguese : language == Language::kEnglish ? english : spanish;
  }
};

using Reason = Infeasibility::Reason;
const std::map<Reason, Texts> kReasons{
    {Reason::kNoRoad,
     {"Não há estrada até o destino.", "There is no road to the destination.", "No hay carretera hasta el destino."}},
    {Reason::kNoStationInReach,
     {"Nenhuma estação de recarga está ao alcance da bateria.", "No charging station is within the battery's reach.",
      "Ninguna estación de carga está al alcance de la batería."}},
    {Reason::kArrivalSocTooHigh,
     {"O carro chega, mas com menos carga do que o pedido.", "The car arrives, but with less charge than asked for.",
      "El coche llega, pero con menos carga de la pedida."}},
    {Reason::kFiltersTooNarrow,
     {"Os filtros não deixam nenhuma estação ao alcance.", "The filters leave no station within reach.",
      "Los filtros no dejan ninguna estación al alcance."}},
    {Reason::kStationsClosed,
     {"As estações do caminho estão fechadas nesse horário.", "The stations on the way are closed at that time.",
      "Las estaciones del camino están cerradas a esa hora."}}};

constexpr Texts kGap = {" Faltam {0} kWh para {1} km entre {2} e {3}.",
                        " {0} kWh are missing for {1} km between {2} and {3}.",
                        " Faltan {0} kWh para {1} km entre {2} y {3}."};
constexpr Texts kHere = {"o ponto onde se chega", "the point that is reached", "el punto al que se llega"};
constexpr Texts kNear = {"perto de {0}", "near {0}", "cerca de {0}"};

// {0}: the value; {1}: a place.
const std::map<std::string_view, Texts> kWaysOut{
    {"startSoc", {"Saia com {0} % de carga.", "Leave with {0} % of charge.", "Salga con {0} % de carga."}},
    {"batteryKwh",
     {"Uma bateria com {0} kWh a mais bastaria.", "A battery with {0} kWh more would do.",
      "Bastaría una batería con {0} kWh más."}},
    {"maxSpeedKmh", {"Dirija a no máximo {0} km/h.", "Drive at {0} km/h at most.", "Conduzca a {0} km/h como máximo."}},
    {"minArrivalSoc",
     {"Aceite chegar com {0} % de carga.", "Accept to arrive with {0} % of charge.",
      "Acepte llegar con {0} % de carga."}},
    {"minStopSoc",
     {"Aceite chegar às paradas com {0} % de carga.", "Accept to arrive at stops with {0} % of charge.",
      "Acepte llegar a las paradas con {0} % de carga."}},
    {"station",
     {"Mais uma estação de {0} kW em {1} bastaria.", "One more station of {0} kW at {1} would do.",
      "Bastaría una estación más de {0} kW en {1}."}}};

// The decimal sign of the language; no digits that say nothing.
std::string number(Language language, double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  if (language != Language::kEnglish) std::ranges::replace(text, '.', ',');
  return text;
}

}  // namespace

std::optional<Language> language_of(std::string_view locale) {
  if (locale == "pt-BR") return Language::kPortuguese;
  if (locale == "en") return Language::kEnglish;
  if (locale == "es") return Language::kSpanish;
  return std::nullopt;
}

std::string obstacle_text(Language language, const Infeasibility& why) {
  std::string text = kReasons.at(why.reason).in(language);
  if (!why.gap_from || !why.gap_to || why.gap_missing_wh <= 0) return text;
  const auto name = [&](const EndPoint& point) { return point.name.empty() ? kHere.in(language) : point.name; };
  return text + fmt::format(fmt::runtime(kGap.in(language)), number(language, why.gap_missing_wh / 1'000),
                            number(language, why.gap_distance_m / 1'000), name(*why.gap_from), name(*why.gap_to));
}

std::string relaxation_text(Language language, const Relaxation& relaxation, const std::string& place) {
  const auto found = kWaysOut.find(relaxation.kind);
  if (found == kWaysOut.end()) return {};
  const double value = relaxation.kind.ends_with("Soc") ? std::round(relaxation.value * 100) : relaxation.value;
  return fmt::format(fmt::runtime(found->second.in(language)), number(language, value), place);
}

std::string near_text(Language language, const std::string& name) {
  return fmt::format(fmt::runtime(kNear.in(language)), name);
}

}  // namespace evc::routing
