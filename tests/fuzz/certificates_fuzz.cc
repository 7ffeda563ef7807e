// fuzz/certificates_fuzz.cc - any bytes as a server's chain of certificates.
//
// Input: a byte of time, a byte of flags, then certificates, each behind two bytes of length. Looks
// for over-reads, leaks, texts past their caps, and verdicts that depend on what was asked before.
#include <cstdlib>
#include <memory>
#include <vector>

#include "tls/verification.h"

namespace wirelens::tls {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

bool same(const Verdict& a, const Verdict& b) {
  return a.faults == b.faults && a.reason == b.reason && a.browser_error == b.browser_error;
}

void run(Bytes input) {
  ByteReader reader(input);
  const Timestamp at = timestamp_ns(reader.u8() * std::int64_t{30} * 86'400 * 1'000'000'000);
  const unsigned flags = reader.u8();
  std::vector<std::vector<std::uint8_t>> copies;
  while (reader.ok() && reader.left() > 2 && copies.size() < 20) {
    const std::size_t size = std::min<std::size_t>(reader.u16(), reader.left());
    const Bytes each = reader.take(size);
    copies.emplace_back(each.begin(), each.end());
  }
  const std::vector<Bytes> der(copies.begin(), copies.end());
  const Chain chain{der};
  require(chain.records().size() <= kMostCertificates);
  for (const Certificate& each : chain.records()) {
    require(each.sha256.size() == 64);
    require(!each.subject || each.subject->size() <= kLongestText);
    require(!each.names || each.names->size() <= kMostNames);
  }
  static const std::shared_ptr<const TrustStore> trust = TrustStore::none();
  const std::string_view host = (flags & 1) != 0 ? "shop.test" : "";
  Verifier verifier(trust);
  const Verdict first = verifier.assess(der, host, at).verdict;
  require(same(first, verifier.assess(der, host, at).verdict));
  require(same(first, verify(chain, *trust, host, at)));
  require(der.empty() || !first.text().empty());
}

}  // namespace
}  // namespace wirelens::tls

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wirelens::tls::run({data, size});
  return 0;
}
