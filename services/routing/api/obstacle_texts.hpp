// What is said to a person about an impossible trip, in Portuguese, English or Spanish: one sentence for the obstacle,
// one per way out. Pure; every text stands in one table.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/routing/domain/trip.hpp"

namespace evc::routing {

enum class Language { kPortuguese, kEnglish, kSpanish };
// pt-BR, en or es.
std::optional<Language> language_of(std::string_view locale);

std::string obstacle_text(Language language, const Infeasibility& why);
// `place`: the name of where one more station would do.
std::string relaxation_text(Language language, const Relaxation& relaxation, const std::string& place);
// "near Santos, SP".
std::string near_text(Language language, const std::string& name);

}  // namespace evc::routing
