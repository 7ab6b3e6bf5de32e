// Every sentence about an impossible trip in every language, once.
#include "services/routing/api/obstacle_texts.hpp"

#include <gtest/gtest.h>

#include <set>

namespace evc::routing {
namespace {

Infeasibility gap() {
  Infeasibility why;
  why.gap_from = EndPoint{.name = "Santos, SP"};
  why.gap_to = EndPoint{};
  why.gap_distance_m = 123'450;
  why.gap_missing_wh = 7'000;
  return why;
}

TEST(ObstacleTexts, SayTheGapInTheLanguage) {
  EXPECT_EQ(
      obstacle_text(Language::kPortuguese, gap()),
      "Nenhuma estação de recarga está ao alcance da bateria. Faltam 7 kWh para 123,5 km entre Santos, SP e o ponto "
      "onde se chega.");
  EXPECT_EQ(
      obstacle_text(Language::kEnglish, gap()),
      "No charging station is within the battery's reach. 7 kWh are missing for 123.5 km between Santos, SP and the "
      "point that is reached.");
  EXPECT_EQ(obstacle_text(Language::kSpanish, gap()),
            "Ninguna estación de carga está al alcance de la batería. Faltan 7 kWh para 123,5 km entre Santos, SP y el "
            "punto al que se llega.");
  EXPECT_EQ(near_text(Language::kSpanish, "Cunha"), "cerca de Cunha");
}

TEST(ObstacleTexts, ShareOfChargeIsToldInPerCentAndAPlaceByName) {
  const Relaxation charge{.kind = "startSoc", .value = 0.87}, station{.kind = "station", .value = 60};
  EXPECT_EQ(relaxation_text(Language::kEnglish, charge, ""), "Leave with 87 % of charge.");
  EXPECT_EQ(relaxation_text(Language::kPortuguese, station, "Cunha, SP"),
            "Mais uma estação de 60 kW em Cunha, SP bastaria.");
}

TEST(ObstacleTexts, EveryReasonAndEveryWayOutHasOneOfItsOwn) {
  using Reason = Infeasibility::Reason;
  for (const Language language : {Language::kPortuguese, Language::kEnglish, Language::kSpanish}) {
    std::set<std::string> texts;
    for (const Reason reason : {Reason::kNoRoad, Reason::kNoStationInReach, Reason::kArrivalSocTooHigh,
                                Reason::kFiltersTooNarrow, Reason::kStationsClosed})
      texts.insert(obstacle_text(language, {.reason = reason}));
    for (const char* kind : {"startSoc", "batteryKwh", "maxSpeedKmh", "minArrivalSoc", "minStopSoc", "station"})
      texts.insert(relaxation_text(language, {.kind = kind, .value = 0.5}, "X"));
    EXPECT_EQ(texts.size(), 11U);
    EXPECT_FALSE(texts.contains(""));
  }
}

}  // namespace
}  // namespace evc::routing
