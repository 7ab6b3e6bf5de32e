// Place search against looking at every name, and its order on cases written by hand.
#include "services/routing/domain/place_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace evc::routing {
namespace {

const std::vector<PlaceIndex::Named> kPlaces = {
    {"São Paulo", "SP", 12'300'000}, {"São Paulo de Olivença", "AM", 39'000},
    {"Santos", "SP", 433'000},       {"Santos Dumont", "MG", 46'000},
    {"Monte Santo", "BA", 54'000},   {"Paraty", "RJ", 43'000},
    {"Parati", "SC", 900},           {"Santa Fé", "PR", 11'000},
    {"Łódź", "", 670'000},           {"Andorra la Vella", "AD", 22'000},
    {"Itu", "SP", 168'000},          {"Belém", "PA", 1'300'000},
    {"Belém", "AL", 4'500},
};

using Names = std::vector<std::string>;

Names names(const PlaceIndex& index, std::string_view query, std::size_t limit = 10) {
  Names found;
  for (const std::uint32_t number : index.find(query, limit))
    found.push_back(std::string(kPlaces[number].name) + " " + std::string(kPlaces[number].region));
  return found;
}

TEST(PlaceIndex, AccentsCaseAndSignsDoNotMatter) {
  const PlaceIndex index(kPlaces);
  for (const char* query : {"São Paulo", "sao paulo", "SAO  PAULO", "são-paulo", "Sa\xCC\x83o Paulo"})
    EXPECT_EQ(names(index, query, 1), Names{"São Paulo SP"}) << query;
  EXPECT_EQ(names(index, "lodz"), Names{"Łódź "});
  EXPECT_EQ(names(index, "belem pa"), Names{"Belém PA"});
  EXPECT_TRUE(names(index, "").empty());
  EXPECT_TRUE(names(index, "!?").empty());
  EXPECT_TRUE(names(index, "\xFF\xFE").empty());
}

TEST(PlaceIndex, TheWholeNameThenItsBeginningThenAWord) {
  const PlaceIndex index(kPlaces);
  EXPECT_EQ(names(index, "santos"), (Names{"Santos SP", "Santos Dumont MG", "Monte Santo BA"}))
      << "the last one lacks a letter";
  EXPECT_EQ(names(index, "santo", 3), (Names{"Santos SP", "Santos Dumont MG", "Monte Santo BA"}));
  EXPECT_EQ(names(index, "vella"), Names{"Andorra la Vella AD"});
  EXPECT_EQ(names(index, "belem"), (Names{"Belém PA", "Belém AL"})) << "the larger first";
  EXPECT_EQ(names(index, "sa", 2), (Names{"São Paulo SP", "Santos SP"}));
  EXPECT_EQ(names(index, "santos sp", 1), Names{"Santos SP"});
}

TEST(PlaceIndex, OneLetterIsForgivenFromFourOn) {
  const PlaceIndex index(kPlaces);
  for (const char* query : {"party", "paratty", "partay", "paraxy", "araty", "xaraty", "apraty", "pparaty"})
    EXPECT_EQ(names(index, query, 1), Names{"Paraty RJ"}) << query;
  EXPECT_EQ(names(index, "sao palo", 1), Names{"São Paulo SP"});
  EXPECT_EQ(names(index, "sntos sp", 1), Names{"Santos SP"});
  EXPECT_TRUE(names(index, "pxrxty").empty()) << "two letters";
  EXPECT_TRUE(names(index, "itx").empty()) << "too short";
}

std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

bool begins_within_one(std::string_view typed, std::string_view text) {
  for (std::size_t length = 0; length <= text.size(); ++length)
    if (edits(typed, text.substr(0, length)) <= 1) return true;
  return false;
}

TEST(PlaceIndex, WhatLookingAtEveryWordFindsIsFound) {
  std::mt19937_64 random(5);
  const auto word = [&](std::size_t letters) {
    std::string text;
    for (std::size_t i = 0; i < letters; ++i) text += static_cast<char>('a' + random() % 4);
    return text;
  };
  std::vector<std::string> texts;
  for (int i = 0; i < 100; ++i) texts.push_back(word(4 + random() % 5) + (i % 3 == 0 ? " " + word(5) : ""));
  std::vector<PlaceIndex::Named> places;
  for (const std::string& text : texts) places.push_back({text, "", 0});
  const PlaceIndex index(places);
  std::size_t plain = 0, forgiven = 0;
  for (int i = 0; i < 400; ++i) {
    const std::string query = word(4 + random() % 5);
    const auto found = index.find(query, texts.size());
    bool any_exact = false;
    for (std::uint32_t number = 0; number < texts.size(); ++number) {
      bool exact = false, close = false;
      const std::string& text = texts[number];
      for (std::size_t at = 0; at < text.size(); ++at) {
        if (at > 0 && text[at - 1] != ' ') continue;
        exact = exact || std::string_view(text).substr(at).starts_with(query);
        close = close || begins_within_one(query, std::string_view(text).substr(at));
      }
      const bool is_found = std::ranges::find(found, number) != found.end();
      if (exact) EXPECT_TRUE(is_found) << query << " in " << text;
      if (is_found) EXPECT_TRUE(close) << query << " in " << text;
      if (close && found.empty()) ADD_FAILURE() << query << " is near to " << text;
      any_exact = any_exact || exact;
    }
    plain += any_exact ? 1 : 0;
    forgiven += !any_exact && !found.empty() ? 1 : 0;
  }
  EXPECT_GT(plain, 10U);
  EXPECT_GT(forgiven, 50U);
}

}  // namespace
}  // namespace evc::routing
