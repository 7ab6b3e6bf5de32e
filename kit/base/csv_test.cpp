#include "kit/base/csv.hpp"

#include <gtest/gtest.h>

namespace evc {
namespace {

constexpr std::string_view kHeader = "name,km,kmh";

std::string pointer_of(std::string_view text) {
  const auto table = CsvTable::read(text, kHeader);
  return table ? "none" : table.error().fields.at(0).pointer;
}

TEST(CsvTable, FieldsByRowAndColumn) {
  const auto table = CsvTable::read("name,km,kmh\r\nA,1.5,80\r\nB,,100", kHeader);
  ASSERT_TRUE(table);
  ASSERT_EQ(table->size(), 2U);
  EXPECT_EQ(table->text(0, 0), "A");
  EXPECT_EQ(table->number(0, 1), 1.5);
  EXPECT_EQ(table->text(1, 1), "");
  EXPECT_EQ(table->number(1, 2), 100);
}

TEST(CsvTable, AHeaderAloneHasNoRow) {
  EXPECT_EQ(CsvTable::read("name,km,kmh", kHeader)->size(), 0U);
  EXPECT_EQ(CsvTable::read("name,km,kmh\n\n\n", kHeader)->size(), 0U);
}

TEST(CsvTable, AWrongTableIsNamedByItsLine) {
  EXPECT_EQ(pointer_of(""), "/1");
  EXPECT_EQ(pointer_of("name,km\nA,1\n"), "/1");
  EXPECT_EQ(pointer_of("name,km,kmh\nA,1\n"), "/2");
  EXPECT_EQ(pointer_of("name,km,kmh\nA,1,2\nA,1,2,3\n"), "/3");
  EXPECT_EQ(pointer_of("name,km,kmh\n\nA,\"1,2\"\n"), "/3");
}

// The line is that of the text: empty ones count.
TEST(CsvTable, AWrongNumberIsNamedByItsLine) {
  const auto table = CsvTable::read("name,km,kmh\n\nA,1,fast\nB,nan,1e999\nC,1 ,\n", kHeader);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->number(0, 2).error().fields.at(0).pointer, "/3");
  EXPECT_EQ(table->number(0, 2).error().fields.at(0).detail, "not a number: fast");
  for (const std::size_t row : {1U, 2U})
    for (const std::size_t column : {1U, 2U}) EXPECT_FALSE(table->number(row, column)) << row << ' ' << column;
}

}  // namespace
}  // namespace evc
