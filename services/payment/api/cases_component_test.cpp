// What the provider did wrong, as an operator sees and closes it.
#include "services/payment/api/payment_fixture_test.hpp"

namespace evc::payment {
namespace {

class CasesTest : public PaymentTest {
 protected:
  json::Array cases(const std::string& query = "") {
    const http::Response response = get("/operations/payment/cases" + query, "p1.finance");
    EXPECT_EQ(response.status, 200) << response.body;
    return json::parse(response.body)->at("cases").as_array();
  }
  http::Response close(const std::string& id, const std::string& key, const std::string& body) {
    http::Call call = post_call("/operations/payment/cases/" + id + "/close", key, body);
    call.headers.add("x-puid", "p1.finance");
    return send(std::move(call));
  }
};

TEST_F(CasesTest, ACaseIsSeenAndClosedOnceByAPersonWithAReason) {
  hold("wrong-amount");
  ASSERT_TRUE(all_steps_done());
  const json::Array open = cases();
  ASSERT_EQ(open.size(), 1U);
  const auto& one = open.at(0).as_object();
  EXPECT_EQ(one.at("kind"), "wrongHoldAmount");
  EXPECT_EQ(one.at("state"), "open");
  EXPECT_EQ(one.at("subject"), reference_.c_str());
  EXPECT_EQ(one.at("sessionId"), to_string(session_).c_str());
  EXPECT_TRUE(one.contains("supportCode"));
  const std::string id(one.at("caseId").as_string());
  EXPECT_EQ(json::parse(get("/operations/payment/cases/" + id).body)->as_object(), one);

  const std::string body = R"({"outcome":"corrected","reason":"the provider let the wrong hold go"})";
  EXPECT_EQ(close(id, "", body).status, 400);
  EXPECT_EQ(close(id, "k0", R"({"outcome":"corrected","reason":""})").status, 422);
  EXPECT_EQ(close(id, "k0", R"({"outcome":"forgotten","reason":"x"})").status, 422);
  EXPECT_EQ(close(to_string(uuid_v7()), "k0", body).status, 404);
  const http::Response closed = close(id, "k1", body);
  ASSERT_EQ(closed.status, 200) << closed.body;
  const auto told = json::parse(closed.body)->as_object();
  EXPECT_EQ(told.at("state"), "closed");
  EXPECT_EQ(told.at("closedBy"), "p1.finance");
  EXPECT_EQ(told.at("outcome"), "corrected");
  EXPECT_TRUE(told.contains("closedAt"));
  EXPECT_EQ(close(id, "k1", body).body, closed.body) << "the same request again";
  EXPECT_EQ(close(id, "k2", body).status, 409) << "another one finds it closed";
  EXPECT_TRUE(cases().empty());
  EXPECT_EQ(cases("?state=closed").size(), 1U);
  EXPECT_EQ(value("SELECT close_trace_id <> '' FROM reconciliation_case"), "t");
}

TEST_F(CasesTest, ListsAreFilteredAndPaged) {
  hold("wrong-amount");
  ASSERT_TRUE(all_steps_done());
  value(
      "INSERT INTO reconciliation_case (payment_id, kind, what, opened_at) SELECT id, 'captureRefused', 'x', "
      "timestamptz "
      "'2026-11-23Z' + (n / 2) * interval '1 second' FROM payment, generate_series(1, 7) n");
  EXPECT_EQ(cases().size(), 8U);
  EXPECT_EQ(cases("?kind=captureRefused").size(), 7U);
  EXPECT_EQ(cases("?kind=nothing").size(), 0U);
  EXPECT_EQ(cases("?sessionId=" + to_string(session_)).size(), 8U);
  EXPECT_EQ(cases("?sessionId=" + to_string(uuid_v7())).size(), 0U);
  std::set<std::string> seen;
  std::string cursor;
  for (int page = 0; page < 4; ++page) {
    const auto body = json::parse(get("/operations/payment/cases?limit=3" + cursor).body)->as_object();
    for (const auto& one : body.at("cases").as_array())
      EXPECT_TRUE(seen.insert(std::string(one.at("caseId").as_string())).second);
    if (!body.contains("nextCursor")) break;
    cursor = "&cursor=" + std::string(body.at("nextCursor").as_string());
  }
  EXPECT_EQ(seen.size(), 8U);
  for (const char* bad : {"?state=lost", "?limit=0", "?cursor=AAAA", "?sessionId=x"})
    EXPECT_EQ(get(std::string("/operations/payment/cases") + bad).status, 422) << bad;
  EXPECT_EQ(get("/operations/payment/cases/nonsense").status, 404);
}

}  // namespace
}  // namespace evc::payment
