// cli/tls_files.cc - complains about a file that is none of what its option wants.
#include "cli/tls_files.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "engine/key_log_tail.h"

namespace wirelens {
namespace {

/// A passphrase is not asked for: nobody may be there to answer.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

using OpenFile = std::unique_ptr<BIO, void (*)(BIO*)>;
OpenFile open_file(const std::string& path) {
  return {BIO_new_file(path.c_str(), "r"), BIO_free_all};
}

Result<PrivateKey> read_private_key(const std::string& path) {
  const OpenFile file = open_file(path);
  if (!file) return Error{"cannot be read"};
  PrivateKey key(PEM_read_bio_PrivateKey(file.get(), nullptr, no_passphrase, nullptr),
                 EVP_PKEY_free);
  ERR_clear_error();
  if (!key) return Error{"a private key in PEM, without a passphrase, is wanted"};
  if (EVP_PKEY_is_a(key.get(), "RSA") != 1) {
    return Error{"an RSA key is wanted: other kinds decrypt nothing"};
  }
  return key;
}

/// What is wrong with it; nothing if it holds at least one certificate.
std::optional<std::string> complaint_about_authorities(const std::string& path) {
  const OpenFile file = open_file(path);
  const std::unique_ptr<X509, void (*)(X509*)> first(
      file ? PEM_read_bio_X509_AUX(file.get(), nullptr, nullptr, nullptr) : nullptr, X509_free);
  ERR_clear_error();
  if (!file) return "cannot be read";
  if (!first) return "has no certificate in PEM";
  return std::nullopt;
}

}  // namespace

std::optional<Error> take_tls_files(const TlsFiles& files, bool live, EngineOptions& engine) {
  if (files.key_log && live) {
    engine.growing_key_log = *files.key_log;
  } else if (files.key_log) {
    auto log = read_key_log(*files.key_log);
    if (!log) return Error{fmt::format("--keylog: {}", log.error().message)};
    engine.key_log = *log;
  }
  if (files.private_key) {
    auto key = read_private_key(*files.private_key);
    if (!key) {
      return Error{fmt::format("--tls-key {}: {}", *files.private_key, key.error().message)};
    }
    engine.private_keys.push_back(*key);
  }
  if (files.authorities) {
    if (const auto complaint = complaint_about_authorities(*files.authorities)) {
      return Error{fmt::format("--ca-file {}: {}", *files.authorities, *complaint)};
    }
    engine.ca_file = *files.authorities;
  }
  return std::nullopt;
}

}  // namespace wirelens
