// Certificates and their verification: what is told of them, and who would have refused them.
#include "tls/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <random>

#include "support/issuer.h"
#include "support/scratch_file.h"
#include "tls/verification.h"

namespace wirelens::tls {
namespace {

using namespace wirelens::testing;
using ::testing::ElementsAre;
using Fault = CertificateFault;

Timestamp at(std::int64_t seconds) {
  return timestamp_ns(seconds * 1'000'000'000);
}

/// A root, what it signed, and who trusts it.
class Verification : public ::testing::Test {
 protected:
  Identity root_ = authority("Root");
  Identity middle_ = authority("Middle", &root_);
  ScratchFile file_{root_.pem()};
  std::shared_ptr<const TrustStore> trust_ = *TrustStore::open(file_.path());

  static Chain chain_of(std::initializer_list<const Identity*> identities) {
    std::vector<std::vector<std::uint8_t>> der;
    for (const Identity* each : identities) der.push_back(each->der());
    return Chain(std::vector<Bytes>(der.begin(), der.end()));
  }
  Verdict judge(std::initializer_list<const Identity*> identities,
                std::string_view host = "shop.test", std::int64_t seconds = kNewYear) const {
    return verify(chain_of(identities), *trust_, host, at(seconds));
  }
  Identity leaf(const Wish& wish = {}, OwnedKey key = make_key()) const {
    return issue(wish, &middle_, std::move(key));
  }
};

TEST(Certificates, TellWhatTheyAre) {
  Wish wish;
  wish.name =
      "B\xc3\xa4"
      "ckerei, \"Korn\"";
  wish.alternatives = "DNS:shop.test,DNS:*.shop.test,IP:192.0.2.7,IP:2001:db8::7,email:a@shop.test";
  const Identity made = issue(wish, nullptr, make_key("RSA", 2048));
  const auto der = made.der();
  const Bytes one[] = {der};
  const Chain chain{one};
  ASSERT_EQ(chain.records().size(), 1u);
  const Certificate& record = chain.records()[0];
  EXPECT_EQ(record.subject,
            "CN=B\xc3\xa4"
            "ckerei\\, \\\"Korn\\\",O=Wirelens");
  EXPECT_EQ(record.issuer, record.subject);
  EXPECT_EQ(record.not_before, at(wish.not_before));
  EXPECT_EQ(record.not_after, at(wish.not_after));
  EXPECT_THAT(std::vector(record.names->begin(), record.names->end()),
              ElementsAre("shop.test", "*.shop.test", "192.0.2.7", "2001:db8::7"));
  EXPECT_EQ(record.key, "RSA 2048");
  EXPECT_EQ(record.signature, "sha256WithRSAEncryption");
  EXPECT_EQ(record.sha256.size(), 64u);
  EXPECT_FALSE(record.names_left_out);
}

TEST(Certificates, NameTheirKeys) {
  for (const auto& [kind, text] : {std::pair("EC", "EC P-256"), {"ED25519", "ED25519"}}) {
    const auto der = issue({}, nullptr, make_key(kind)).der();
    EXPECT_EQ(parse_certificate(der).key, text);
  }
}

TEST(Certificates, ThatNeverEndHaveNoEnd) {
  Wish wish;
  wish.not_after = 253'402'300'799;  // 9999-12-31T23:59:59Z, RFC 5280 section 4.1.2.5
  const auto der = issue(wish, nullptr).der();
  const Bytes one[] = {der};
  const Chain chain{one};
  EXPECT_FALSE(chain.records()[0].not_after);
  EXPECT_EQ(chain.certificates()[0].not_after, wish.not_after);
}

TEST(Certificates, OfManyNamesAreCut) {
  Wish wish;
  wish.alternatives.clear();
  for (int i = 0; i < 300; ++i) {
    wish.alternatives += (i == 0 ? "DNS:h" : ",DNS:h") + std::to_string(i) + ".test";
  }
  const ParsedCertificate parsed = parse_certificate(issue(wish, nullptr).der());
  EXPECT_EQ(parsed.names.size(), kMostNames);
  EXPECT_EQ(parsed.names_left_out, 44u);
}

TEST(Certificates, TakeAnyBytes) {
  const auto whole = issue({}, nullptr).der();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<long>(size));
    const ParsedCertificate parsed = parse_certificate(cut);
    EXPECT_FALSE(parsed.x509) << size;
    EXPECT_EQ(parsed.sha256.size(), 64u);
  }
  auto longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(parse_certificate(longer).x509);
  std::mt19937 random(7);
  for (int i = 0; i < 1000; ++i) {
    auto changed = whole;
    for (int n = 0; n < 3; ++n) changed[random() % changed.size()] = std::uint8_t(random());
    const Bytes two[] = {changed, whole};
    const Chain chain{two};
    EXPECT_EQ(chain.records().size(), 2u);
  }
  EXPECT_EQ(ERR_peek_error(), 0u) << "nothing is left in OpenSSL's queue";
}

TEST(Certificates, BeyondTheMostAreNotParsed) {
  const auto der = issue({}, nullptr).der();
  const std::vector<Bytes> many(50, der);
  EXPECT_EQ(Chain(many).records().size(), kMostCertificates);
}

TEST_F(Verification, AcceptsAGoodChain) {
  const Identity good = leaf();
  const Verdict verdict = judge({&good, &middle_});
  EXPECT_EQ(verdict.text(), "ok");
  EXPECT_EQ(verdict.browser_error, "");
  EXPECT_EQ(verdict.faults, 0u);
  EXPECT_TRUE(verdict.name_checked);
  EXPECT_EQ(judge({&good, &middle_, &root_}).text(), "ok") << "servers may send the root, too";
  EXPECT_EQ(judge({&good, &root_, &middle_}).text(), "ok") << "and in any order";
  EXPECT_FALSE(judge({&good, &middle_}, "").name_checked);
}

TEST_F(Verification, GoesByThePacketsTime) {
  const Identity one = leaf();
  struct Case {
    std::int64_t seconds;
    std::string_view text, browser;
  };
  for (const Case& each :
       {Case{kNewYear - kDay - 1, "certificate is not yet valid", "ERR_CERT_DATE_INVALID"},
        Case{kNewYear - kDay, "ok", ""}, Case{kNewYear + kDay - 1, "ok", ""},
        Case{kNewYear + kDay + 1, "certificate has expired", "ERR_CERT_DATE_INVALID"}}) {
    const Verdict verdict = judge({&one, &middle_}, "shop.test", each.seconds);
    EXPECT_EQ(verdict.text(), each.text) << each.seconds;
    EXPECT_EQ(verdict.browser_error, each.browser) << each.seconds;
  }
}

TEST_F(Verification, ComparesNames) {
  Wish wish;
  wish.alternatives = "DNS:shop.test,DNS:*.shop.test,IP:192.0.2.7,IP:2001:db8::7";
  const Identity one = leaf(wish);
  for (const char* host : {"shop.test", "SHOP.test", "shop.test.", "www.shop.test", "192.0.2.7",
                           "2001:db8::7", "2001:DB8:0::7"}) {
    EXPECT_EQ(judge({&one, &middle_}, host).text(), "ok") << host;
  }
  for (const char* host : {"shop.example", "a.b.shop.test", "test", "evil-shop.test"}) {
    const Verdict verdict = judge({&one, &middle_}, host);
    EXPECT_EQ(verdict.text(), "hostname mismatch") << host;
    EXPECT_EQ(verdict.browser_error, "ERR_CERT_COMMON_NAME_INVALID");
    EXPECT_TRUE(verdict.has(Fault::wrong_name));
  }
  EXPECT_EQ(judge({&one, &middle_}, "192.0.2.8").text(), "IP address mismatch");
}

TEST_F(Verification, KnowsThatBrowsersIgnoreTheCommonName) {
  Wish wish;
  wish.alternatives.clear();
  const Identity one = leaf(wish);
  const Verdict verdict = judge({&one, &middle_});
  EXPECT_EQ(verdict.text(), "ok");
  EXPECT_EQ(verdict.browser_error, "ERR_CERT_COMMON_NAME_INVALID");
  EXPECT_TRUE(verdict.has(Fault::no_alternative_name));
}

TEST_F(Verification, TellsWhyNobodyVouches) {
  const Identity alone = issue({}, nullptr);
  Verdict verdict = judge({&alone});
  EXPECT_EQ(verdict.text(), "self-signed certificate");
  EXPECT_EQ(verdict.browser_error, "ERR_CERT_AUTHORITY_INVALID");
  EXPECT_TRUE(verdict.has(Fault::self_signed));

  Wish wish;
  wish.tells_issuer = true;
  const Identity orphan = leaf(wish);
  verdict = judge({&orphan});
  EXPECT_EQ(verdict.text(), "unable to get local issuer certificate");
  EXPECT_EQ(verdict.browser_error, "ERR_CERT_AUTHORITY_INVALID");
  EXPECT_TRUE(verdict.has(Fault::missing_intermediate));
  EXPECT_FALSE(verdict.has(Fault::untrusted_root));

  const Identity stranger = authority("Stranger");
  const Identity theirs = issue({}, &stranger);
  verdict = judge({&theirs, &stranger});
  EXPECT_EQ(verdict.text(), "self-signed certificate in certificate chain");
  EXPECT_TRUE(verdict.has(Fault::untrusted_root));
  verdict = judge({&theirs});
  EXPECT_TRUE(verdict.has(Fault::untrusted_root));
  EXPECT_FALSE(verdict.has(Fault::missing_intermediate));
}

TEST_F(Verification, LetsTheGravestSpeakAndKeepsTheOthers) {
  const Identity alone = issue({}, nullptr);
  const Verdict verdict = judge({&alone}, "elsewhere.test", kNewYear + 10 * kDay);
  EXPECT_EQ(verdict.text(), "self-signed certificate");
  EXPECT_EQ(verdict.browser_error, "ERR_CERT_AUTHORITY_INVALID");
  EXPECT_TRUE(verdict.has(Fault::self_signed) && verdict.has(Fault::wrong_name) &&
              verdict.has(Fault::expired));
}

TEST_F(Verification, FindsWeakKeysAndSignatures) {
  const Identity small = leaf({}, make_key("RSA", 1024));
  Verdict verdict = judge({&small, &middle_});
  EXPECT_EQ(verdict.text(), "EE certificate key too weak");
  EXPECT_TRUE(verdict.has(Fault::weak_key));
  EXPECT_EQ(verdict.browser_error, "") << "Chromium takes 1,024 bits";
  const Identity tiny = leaf({}, make_key("RSA", 768));
  EXPECT_EQ(judge({&tiny, &middle_}).browser_error, "ERR_CERT_WEAK_KEY");
  Wish old;
  old.digest = EVP_sha1();
  const Identity sha1 = leaf(old);
  verdict = judge({&sha1, &middle_});
  EXPECT_EQ(verdict.text(), "CA signature digest algorithm too weak");
  EXPECT_EQ(verdict.browser_error, "ERR_CERT_WEAK_SIGNATURE_ALGORITHM");
}

TEST_F(Verification, FindsForgeryAndMisuse) {
  const Identity impostor = authority("Middle", &root_);  // the name, not the key
  const Identity forged = issue({}, &impostor);
  Verdict verdict = judge({&forged, &middle_});
  EXPECT_TRUE(verdict.has(Fault::bad_signature) || verdict.has(Fault::untrusted_root));
  EXPECT_NE(verdict.browser_error, "");

  Wish wish;
  wish.usage = "clientAuth";
  const Identity client = leaf(wish);
  verdict = judge({&client, &middle_});
  EXPECT_EQ(verdict.text(), "unsuitable certificate purpose");
  EXPECT_EQ(verdict.browser_error, "ERR_CERT_INVALID");

  const Identity one = leaf();
  const Identity grafted = issue({}, &one);  // signed by a leaf
  EXPECT_NE(judge({&grafted, &one, &middle_}).text(), "ok");
}

TEST_F(Verification, ObeysNameConstraints) {
  Wish wish;
  wish.name = "Narrow";
  wish.alternatives.clear();
  wish.authority = true;
  wish.constraints = "permitted;DNS:other.test";
  const Identity narrow = issue(wish, &root_);
  const Identity outside = issue({}, &narrow);
  const Verdict verdict = judge({&outside, &narrow});
  EXPECT_EQ(verdict.text(), "permitted subtree violation");
  EXPECT_EQ(verdict.browser_error, "ERR_CERT_NAME_CONSTRAINT_VIOLATION");
}

TEST_F(Verification, OfBytesThatAreNoCertificate) {
  const std::uint8_t junk[] = {0x30, 0x03, 0x02, 0x01, 0x01};
  const Bytes one[] = {Bytes(junk)};
  const Verdict verdict = verify(Chain(one), *trust_, "shop.test", at(kNewYear));
  EXPECT_EQ(verdict.text(), "malformed certificate");
  EXPECT_EQ(verdict.browser_error, "ERR_CERT_INVALID");
  EXPECT_EQ(verify(Chain({}), *trust_, "", at(kNewYear)).text(), "malformed certificate");
}

TEST_F(Verification, IsDoneOnce) {
  const auto der = leaf().der();
  const auto middle = middle_.der();
  const Bytes chain[] = {der, middle};
  Verifier verifier(trust_);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(verifier.assess(chain, "shop.test", at(kNewYear + i)).verdict.text(), "ok");
  }
  EXPECT_EQ(verifier.verifications(), 1u);
  EXPECT_EQ(verifier.assess(chain, "other.test", at(kNewYear)).verdict.text(), "hostname mismatch");
  EXPECT_EQ(verifier.verifications(), 2u);
  EXPECT_EQ(verifier.assess(chain, "shop.test", at(kNewYear + kDay + 1)).verdict.text(),
            "certificate has expired");
  EXPECT_EQ(verifier.assess(chain, "shop.test", at(kNewYear)).verdict.text(), "ok");
  EXPECT_EQ(verifier.verifications(), 3u);
}

TEST_F(Verification, ForgetsTheOldest) {
  const auto der = leaf().der();
  Verifier verifier(trust_);
  const Bytes first[] = {der};
  const Assessment kept = verifier.assess(first, "shop.test", at(kNewYear));
  std::vector<std::uint8_t> other(2000);
  for (int i = 0; i < 6000; ++i) {
    other[0] = static_cast<std::uint8_t>(i);
    other[1] = static_cast<std::uint8_t>(i >> 8);
    const Bytes each[] = {other};
    verifier.assess(each, "", at(kNewYear));
  }
  EXPECT_EQ(kept.chain->records()[0].key, "EC P-256") << "what is in use stays";
  const std::uint64_t before = verifier.verifications();
  verifier.assess(first, "shop.test", at(kNewYear));
  EXPECT_EQ(verifier.verifications(), before + 1);
}

TEST(Trust, SaysWhatIsWrongWithItsFile) {
  EXPECT_FALSE(TrustStore::open("/nowhere/ca.pem"));
  const ScratchFile empty("no certificate\n");
  EXPECT_FALSE(TrustStore::open(empty.path()));
  EXPECT_TRUE(TrustStore::open("")) << "without a system store nothing is trusted";
}

}  // namespace
}  // namespace wirelens::tls
