// tls/verification.cc - OpenSSL's errors, sorted as browsers sort theirs.
#include "tls/verification.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

namespace wirelens::tls {
namespace {

using Fault = CertificateFault;
using OwnedStoreContext = Owned<X509_STORE_CTX, X509_STORE_CTX_free>;
void free_stack(STACK_OF(X509) * stack) {
  sk_X509_free(stack);
}
using OwnedStack = Owned<STACK_OF(X509), free_stack>;

constexpr int kSecurityLevel = 2;  // 112 bits, Debian's default
constexpr int kDeepestPath = 10;
/// RSA and DSA keys that Chromium refuses; it takes 1,024 bits where a root is the user's own.
constexpr int kLeastBrowserBits = 1024;
constexpr std::size_t kLongestHost = 255;  // RFC 1035 section 2.3.4

/// The first error of each kind.
struct Findings {
  std::uint32_t faults = 0;
  std::array<int, kCertificateFaults> codes{};

  void add(Fault fault, int code) {
    const auto at = static_cast<std::size_t>(fault);
    if ((faults >> at & 1u) == 0) codes[at] = code;
    faults |= 1u << at;
  }
};

Fault fault_of(int code) {
  switch (code) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return Fault::self_signed;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_REJECTED:
      return Fault::untrusted_root;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
      return Fault::bad_signature;
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
      return Fault::wrong_purpose;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return Fault::wrong_name;
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
      return Fault::forbidden_name;
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return Fault::weak_signature;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
      return Fault::weak_key;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Fault::expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Fault::not_yet_valid;
    case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
    case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
      return Fault::malformed;
    default:
      return Fault::other;
  }
}

/// OpenSSL calls this for every error and, by the answer 1, goes on to find the others.
int gather(int ok, X509_STORE_CTX* context) {
  if (ok == 1) return 1;
  auto* findings = static_cast<Findings*>(X509_STORE_CTX_get_app_data(context));
  const int code = X509_STORE_CTX_get_error(context);
  if (code == X509_V_ERR_OUT_OF_MEM || code == X509_V_ERR_UNSPECIFIED) return 0;
  findings->add(fault_of(code), code);
  return 1;
}

/// An issuer that nobody has is one of two things: one that the server forgot to send, or a root
/// that is not trusted. A leaf that comes alone and says where its issuer's certificate can be had
/// has forgotten it: public roots sign no leaves.
void tell_missing_from_untrusted(const Chain& chain, Findings& findings) {
  const auto untrusted = static_cast<std::size_t>(Fault::untrusted_root);
  const int code = findings.codes[untrusted];
  const bool lacks_issuer = code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
                            code == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
  if (!lacks_issuer || chain.certificates().size() != 1) return;
  if (!chain.certificates().front().names_issuer) return;
  findings.faults &= ~(1u << untrusted);
  findings.add(Fault::missing_intermediate, code);
}

void check_path(const Chain& chain, const TrustStore& trust, std::int64_t seconds,
                Findings& findings) {
  const OwnedStack others(sk_X509_new_null());
  for (const ParsedCertificate& each : chain.certificates().subspan(1)) {
    if (each.x509) sk_X509_push(others.get(), each.x509.get());
  }
  const OwnedStoreContext context(X509_STORE_CTX_new());
  X509* const leaf = chain.certificates().front().x509.get();
  if (!context || X509_STORE_CTX_init(context.get(), trust.store(), leaf, others.get()) != 1) {
    findings.add(Fault::other, X509_V_ERR_UNSPECIFIED);
    return;
  }
  X509_VERIFY_PARAM* const wanted = X509_STORE_CTX_get0_param(context.get());
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  X509_VERIFY_PARAM_set_time(wanted, seconds);
  X509_VERIFY_PARAM_set_auth_level(wanted, kSecurityLevel);
  X509_VERIFY_PARAM_set_depth(wanted, kDeepestPath);
  X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_PARTIAL_CHAIN);  // the user's anchors are anchors
  X509_STORE_CTX_set_app_data(context.get(), &findings);
  X509_STORE_CTX_set_verify_cb(context.get(), gather);
  if (X509_verify_cert(context.get()) != 1 && findings.faults == 0) {
    findings.add(Fault::other, X509_STORE_CTX_get_error(context.get()));
  }
}

bool is_address(const std::string& host) {
  const Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> address(a2i_IPADDRESS(host.c_str()));
  return address != nullptr;
}

void check_name(const ParsedCertificate& leaf, const std::string& host, Findings& findings) {
  if (is_address(host)) {
    if (X509_check_ip_asc(leaf.x509.get(), host.c_str(), 0) != 1) {
      findings.add(Fault::wrong_name, X509_V_ERR_IP_ADDRESS_MISMATCH);
    }
    return;
  }
  const auto matches = [&](unsigned flags) {
    return X509_check_host(leaf.x509.get(), host.data(), host.size(),
                           flags | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
  };
  if (!matches(0)) {
    findings.add(Fault::wrong_name, X509_V_ERR_HOSTNAME_MISMATCH);
  } else if (!matches(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)) {
    findings.add(Fault::no_alternative_name, X509_V_OK);
  }
}

/// Chromium's MapCertStatusToNetError() names the gravest first.
std::string_view browser_error_of(Fault fault, const Chain& chain) {
  switch (fault) {
    case Fault::self_signed:
    case Fault::missing_intermediate:
    case Fault::untrusted_root:
      return "ERR_CERT_AUTHORITY_INVALID";
    case Fault::malformed:
    case Fault::bad_signature:
    case Fault::wrong_purpose:
    case Fault::other:
      return "ERR_CERT_INVALID";
    case Fault::wrong_name:
    case Fault::no_alternative_name:
      return "ERR_CERT_COMMON_NAME_INVALID";
    case Fault::forbidden_name:
      return "ERR_CERT_NAME_CONSTRAINT_VIOLATION";
    case Fault::weak_signature:
      return "ERR_CERT_WEAK_SIGNATURE_ALGORITHM";
    case Fault::weak_key: {
      const bool refused = std::any_of(
          chain.certificates().begin(), chain.certificates().end(),
          [](const auto& each) { return each.rsa_or_dsa && each.key_bits < kLeastBrowserBits; });
      return refused ? "ERR_CERT_WEAK_KEY" : "";
    }
    case Fault::expired:
    case Fault::not_yet_valid:
      return "ERR_CERT_DATE_INVALID";
  }
  return {};
}

/// The gravest error speaks for all of them, in OpenSSL's words and in the browser's.
Verdict judge(const Findings& findings, const Chain& chain) {
  Verdict verdict;
  verdict.faults = findings.faults;
  for (std::size_t i = 0; i < kCertificateFaults; ++i) {
    if ((findings.faults >> i & 1u) == 0) continue;
    if (verdict.reason == X509_V_OK) verdict.reason = findings.codes[i];
    if (verdict.browser_error.empty()) {
      verdict.browser_error = browser_error_of(static_cast<Fault>(i), chain);
    }
  }
  return verdict;
}

std::int64_t seconds_of(Timestamp at) {
  return std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
}

}  // namespace

std::string_view name_of(CertificateFault fault) {
  constexpr std::array<std::string_view, kCertificateFaults> kNames = {
      "malformed",     "self_signed", "missing_intermediate", "untrusted_root", "bad_signature",
      "wrong_purpose", "wrong_name",  "no_alternative_name",  "forbidden_name", "weak_signature",
      "weak_key",      "expired",     "not_yet_valid",        "other"};
  return kNames[static_cast<std::size_t>(fault)];
}

std::string_view Verdict::text() const {
  if (reason == X509_V_OK && !has(Fault::malformed)) return "ok";
  if (reason == X509_V_OK) return "malformed certificate";
  return X509_verify_cert_error_string(reason);
}

Verdict verify(const Chain& chain, const TrustStore& trust, std::string_view host, Timestamp at) {
  Findings findings;
  const std::string name = comparable_host(host);
  if (chain.certificates().empty() || !chain.certificates().front().x509) {
    findings.add(Fault::malformed, X509_V_OK);
  } else {
    check_path(chain, trust, seconds_of(at), findings);
    tell_missing_from_untrusted(chain, findings);
    if (!name.empty()) check_name(chain.certificates().front(), name, findings);
  }
  ERR_clear_error();
  Verdict verdict = judge(findings, chain);
  verdict.name_checked = !name.empty();
  return verdict;
}

std::string comparable_host(std::string_view host) {
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  if (host.size() > kLongestHost || host.find('\0') != std::string_view::npos) return {};
  std::string lower(host);
  for (char& each : lower) {
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each + ('a' - 'A'));
  }
  return lower;
}

// ---- Verifier
// ----------------------------------------------------------------------------------------------

Assessment Verifier::assess(std::span<const Bytes> der, std::string_view host, Timestamp at) {
  der = der.first(std::min(der.size(), kMostCertificates));
  std::string fingerprint = fingerprint_of(der);
  std::shared_ptr<Chain> fresh;  // has OpenSSL's objects until it is verified
  if (const auto found = index_.find(fingerprint); found != index_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
  } else {
    fresh = std::make_shared<Chain>(der);
    enter(std::move(fingerprint), fresh);
  }
  Entry& entry = entries_.front();
  const std::int64_t seconds = seconds_of(at);
  const std::size_t trust_epoch = trust_->epoch_of(seconds);
  const auto after = std::upper_bound(entry.epochs.begin(), entry.epochs.end(), seconds);
  const auto chain_epoch = static_cast<std::size_t>(after - entry.epochs.begin());
  const std::string name = comparable_host(host);
  for (const Judged& each : entry.judged) {
    if (each.trust_epoch == trust_epoch && each.chain_epoch == chain_epoch && each.host == name) {
      return {entry.chain, each.verdict};
    }
  }
  if (!fresh) fresh = std::make_shared<Chain>(der);
  ++verifications_;
  const Verdict verdict = verify(*fresh, *trust_, name, at);
  fresh->drop_objects();
  if (entry.judged.size() == kMostVerdicts) entry.judged.erase(entry.judged.begin());
  entry.judged.push_back({name, trust_epoch, chain_epoch, verdict});
  Assessment assessment{entry.chain, verdict};
  make_room();
  return assessment;
}

void Verifier::enter(std::string fingerprint, std::shared_ptr<const Chain> chain) {
  Entry& entry = entries_.emplace_front();
  entry.fingerprint = std::move(fingerprint);
  for (const ParsedCertificate& each : chain->certificates()) {
    if (each.not_before) entry.epochs.push_back(*each.not_before);
    if (each.not_after) entry.epochs.push_back(*each.not_after);
  }
  std::sort(entry.epochs.begin(), entry.epochs.end());
  entry.charged = sizeof(Entry) + chain->size() + kMostVerdicts * (sizeof(Judged) + kLongestHost);
  entry.chain = std::move(chain);
  bytes_ += entry.charged;
  index_.emplace(entry.fingerprint, entries_.begin());
}

void Verifier::make_room() {
  while (entries_.size() > 1 && (entries_.size() > kMostChains || bytes_ > kMostBytes)) {
    Entry& oldest = entries_.back();
    index_.erase(oldest.fingerprint);
    bytes_ -= oldest.charged;
    entries_.pop_back();
  }
}

}  // namespace wirelens::tls
