// Authorization requests and clients as values: what is refused and where, and what comes next.
#include "services/auth/domain/authorization.hpp"

#include <gtest/gtest.h>

#include "kit/base/bytes.hpp"

namespace evc::auth_service {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";   // RFC 7636, appendix B
constexpr std::string_view kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";  // … and its S256

OauthClient public_client() {
  return {.id = "an-app",
          .name = "An app",
          .key_set = nullptr,
          .redirect_uris = {"https://app.example/cb?tenant=1"},
          .scope = "openid profile charging:read"};
}

Parameters good_parameters() {
  return {{"response_type", "code"},
          {"client_id", "an-app"},
          {"redirect_uri", "https://app.example/cb?tenant=1"},
          {"scope", "openid profile payments:read"},
          {"code_challenge", std::string(kChallenge)},
          {"code_challenge_method", "S256"}};
}

std::string error_of(Parameters parameters, const OauthClient& client = public_client()) {
  const auto read = read_authorization(parameters, client);
  return read.refusal ? read.refusal->error : "";
}

std::string error_with(const char* name, const char* value) {
  Parameters parameters = good_parameters();
  parameters[name] = value;
  return error_of(parameters);
}

TEST(AuthorizationRequest, ReadsWhatIsAskedForWithinWhatTheClientMay) {
  Parameters parameters = good_parameters();
  parameters["max_age"] = "60";
  parameters["prompt"] = "login consent";
  parameters["something_else"] = "is ignored";
  const auto read = read_authorization(parameters, public_client());
  EXPECT_FALSE(read.refusal);
  EXPECT_EQ(read.request.scope, "openid profile");
  EXPECT_EQ(read.request.max_age, 60s);
  EXPECT_TRUE(read.request.prompts.login && read.request.prompts.consent && !read.request.prompts.none);
}

TEST(AuthorizationRequest, OurOwnProgramsDoWhatThePersonMayDo) {
  OauthClient ours = public_client();
  ours.party = Party::kFirst;
  Parameters parameters = good_parameters();
  parameters["scope"] = "openid";
  EXPECT_EQ(read_authorization(parameters, ours).request.scope, "openid profile charging:read");
  EXPECT_EQ(read_authorization(parameters, public_client()).request.scope, "openid");
  EXPECT_TRUE(is_ours("evcosta-app") && is_ours("evcosta-console") && !is_ours("an-app"));
}

TEST(AuthorizationRequest, EachThingThatIsNotSupportedHasItsOwnError) {
  EXPECT_EQ(error_of(good_parameters()), "");
  EXPECT_EQ(error_with("request", "e30."), "request_not_supported");
  EXPECT_EQ(error_with("request_uri", "https://app.example/r"), "request_uri_not_supported");
  EXPECT_EQ(error_with("registration", "{}"), "registration_not_supported");
  EXPECT_EQ(error_with("response_type", "token"), "unsupported_response_type");
  EXPECT_EQ(error_with("response_type", ""), "invalid_request");
  EXPECT_EQ(error_with("response_mode", "fragment"), "invalid_request");
  EXPECT_EQ(error_with("response_mode", "query"), "");
  EXPECT_EQ(error_with("scope", "payments:read"), "invalid_scope");
  EXPECT_EQ(error_with("prompt", "none login"), "invalid_request");
  EXPECT_EQ(error_with("prompt", "create"), "invalid_request");
  EXPECT_EQ(error_with("prompt", "select_account"), "");
  EXPECT_EQ(error_with("max_age", "-1"), "invalid_request");
  for (const char* empty : {"request", "request_uri", "registration", "max_age", "prompt"})
    EXPECT_EQ(error_with(empty, ""), "") << empty;
  EXPECT_EQ(error_with("max_age", "1x"), "invalid_request");
  EXPECT_EQ(error_with("state", std::string(1025, 'x').c_str()), "invalid_request");
}

TEST(AuthorizationRequest, PublicClientsNeedAChallengeAndOnlyS256Counts) {
  Parameters without = good_parameters();
  without.erase("code_challenge");
  without.erase("code_challenge_method");
  EXPECT_EQ(error_of(without), "invalid_request");
  OauthClient confidential = public_client();
  confidential.authentication = ClientAuthentication::kClientSecret;
  EXPECT_EQ(error_of(without, confidential), "");
  EXPECT_EQ(error_with("code_challenge_method", "plain"), "invalid_request");
  EXPECT_EQ(error_with("code_challenge", "short"), "invalid_request");
}

TEST(AuthorizationRequest, AParameterThatStandsThereTwiceIsNone) {
  EXPECT_FALSE(single_parameters({{"state", "a"}, {"nonce", "n"}, {"state", "b"}}));
  EXPECT_EQ(single_parameters({{"state", "a"}})->at("state"), "a");
}

TEST(OauthClient, AnotherAppMayTakeThePlaceOfAPublicClientThatIsNoSite) {
  OauthClient client = public_client();
  EXPECT_TRUE(is_reached_alone(client, "https://app.example/cb"));
  EXPECT_FALSE(is_reached_alone(client, "http://127.0.0.1:9000/cb"));
  EXPECT_FALSE(is_reached_alone(client, "com.example.app:/cb"));
  client.authentication = ClientAuthentication::kClientSecret;
  EXPECT_TRUE(is_reached_alone(client, "com.example.app:/cb"));
}

TEST(NextStep, NobodyIsAskedWhenNoneMayBe) {
  AuthorizationRequest request;
  const WallTime now{1'000'000s};
  const KnownSignIn known{.subject = "ana", .authenticated_at = now - 60s};
  const auto next = [&](const std::optional<KnownSignIn>& sign_in, Consent consent = Consent::kGiven,
                        std::optional<std::string> hinted = std::nullopt) {
    return next_step(request, sign_in, consent, hinted, now);
  };
  EXPECT_EQ(next(std::nullopt), NextStep::kSignIn);
  EXPECT_EQ(next(known), NextStep::kIssueCode);
  EXPECT_EQ(next(known, Consent::kAsk), NextStep::kConsent);
  EXPECT_EQ(next(known, Consent::kGiven, "bia"), NextStep::kSignIn);
  EXPECT_EQ(next(known, Consent::kGiven, "ana"), NextStep::kIssueCode);
  request.max_age = 30s;
  EXPECT_EQ(next(known), NextStep::kSignIn);
  EXPECT_EQ(next(KnownSignIn{.subject = "ana", .authenticated_at = now - 60s, .just_now = true}), NextStep::kIssueCode);
  request.max_age = 90s;
  EXPECT_EQ(next(known), NextStep::kIssueCode);
  request.prompts.none = true;
  EXPECT_EQ(next(std::nullopt), NextStep::kLoginRequired);
  EXPECT_EQ(next(known, Consent::kAsk), NextStep::kConsentRequired);
  EXPECT_EQ(next(known), NextStep::kIssueCode);
}

TEST(NextStep, PromptsAskOnceAndNotAgainAfterTheAnswer) {
  AuthorizationRequest request;
  request.prompts = {.none = false, .login = true, .consent = true};
  const WallTime now{1'000'000s};
  const auto next = [&](bool just_now, Consent consent) {
    return next_step(request, KnownSignIn{.subject = "ana", .authenticated_at = now, .just_now = just_now}, consent,
                     std::nullopt, now);
  };
  EXPECT_EQ(next(false, Consent::kGiven), NextStep::kSignIn);
  EXPECT_EQ(next(true, Consent::kGiven), NextStep::kConsent);
  EXPECT_EQ(next(true, Consent::kJustGiven), NextStep::kIssueCode);
}

TEST(Pkce, TheExampleOfTheSpecification) {
  EXPECT_TRUE(proves_challenge(kVerifier, kChallenge));
  EXPECT_FALSE(proves_challenge(std::string(kVerifier) + "x", kChallenge));
  EXPECT_FALSE(proves_challenge("", kChallenge));
  EXPECT_FALSE(proves_challenge(kVerifier, kVerifier)) << "plain";
}

TEST(RedirectUri, KeepsItsQueryAndCarriesAnythingEncoded) {
  EXPECT_EQ(with_parameters("https://app.example/cb?tenant=1", {{"code", "c"}, {"state", "a b&c=ü\r\n"}, {"iss", ""}}),
            "https://app.example/cb?tenant=1&code=c&state=a%20b%26c%3D%C3%BC%0D%0A");
  EXPECT_EQ(with_parameters("org.example.app:/cb", {{"code", "c"}}), "org.example.app:/cb?code=c");
}

TEST(OauthClient, RedirectsAreComparedToTheLastCharacter) {
  const OauthClient client = public_client();
  EXPECT_TRUE(may_redirect_to(client, "https://app.example/cb?tenant=1"));
  for (const char* other : {"https://app.example/cb", "https://app.example/cb?tenant=1&more=1", "",
                            "https://app.example/cb?tenant=1/", "https://APP.example/cb?tenant=1"})
    EXPECT_FALSE(may_redirect_to(client, other)) << other;
  EXPECT_EQ(origin_of_uri("https://app.example:8443/cb?x=1"), "https://app.example:8443");
  EXPECT_EQ(origin_of_uri("https://app.example"), "https://app.example");
  EXPECT_EQ(origin_of_uri("org.example.app:/cb"), "org.example.app:");
}

TEST(OauthClient, WhatMayNotBeWrittenDown) {
  const auto with_redirect = [](const char* uri) {
    OauthClient client = public_client();
    client.redirect_uris = {uri};
    return check_client(client).has_value();
  };
  for (const char* good :
       {"https://app.example/cb", "http://127.0.0.1:9000/cb", "http://localhost:1/", "org.example.app:/cb"})
    EXPECT_TRUE(with_redirect(good)) << good;
  for (const char* bad :
       {"http://app.example/cb", "https://app.example/cb#x", "javascript:alert(1)", "https://a@b/", "http://[::1]/cb",
        "https://", "//app.example", "cb", "https://app.example/ cb", "https://*.example/", "data:x",
        "http://127.0.0.1.example/", "https://app.example/;script-src *"})
    EXPECT_FALSE(with_redirect(bad)) << bad;
  OauthClient client = public_client();
  client.id = "Evcosta";
  EXPECT_FALSE(check_client(client));
  client.id = "evcosta-app";
  EXPECT_FALSE(check_client(client));
  client = public_client();
  client.redirect_uris.clear();
  EXPECT_FALSE(check_client(client));
}

TEST(Scope, WordsInTheirOrderEachOnce) {
  EXPECT_EQ(common_scope("b a  b c", "a b"), "b a");
  EXPECT_TRUE(scope_within("a", "a b"));
  EXPECT_FALSE(scope_within("a ab", "a b"));
  EXPECT_TRUE(scope_within("", "a"));
  EXPECT_EQ(joined_scope("a b", "b c"), "a b c");
  EXPECT_FALSE(scope_has("abc", "ab"));
}

}  // namespace
}  // namespace evc::auth_service
