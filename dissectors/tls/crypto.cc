// tls/crypto.cc - fetching is slow, so it is done once.
#include "tls/crypto.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace wirelens::tls {
namespace {

/// A library context of our own: what the program's user has configured for OpenSSL elsewhere
/// (security levels, engines) has no say in what can be read.
class Library {
 public:
  static Library& instance() {
    static Library library;
    return library;
  }

  template <class T, T* (*kFetch)(OSSL_LIB_CTX*, const char*, const char*)>
  T* find(std::map<std::string, T*, std::less<>>& known, const char* name) {
    if (name == nullptr) return nullptr;
    const std::lock_guard lock(mutex_);
    const auto found = known.find(std::string_view(name));
    if (found != known.end()) return found->second;
    T* const fetched = kFetch(context_.get(), name, nullptr);
    ERR_clear_error();
    known.emplace(name, fetched);
    return fetched;
  }

  std::map<std::string, EVP_CIPHER*, std::less<>> ciphers;
  std::map<std::string, EVP_MD*, std::less<>> digests;
  std::map<std::string, EVP_MAC*, std::less<>> macs;
  std::map<std::string, EVP_KDF*, std::less<>> kdfs;

 private:
  Library()
      : context_(OSSL_LIB_CTX_new()),
        normal_(OSSL_PROVIDER_load(context_.get(), "default")),
        legacy_(OSSL_PROVIDER_load(context_.get(), "legacy")) {
    ERR_clear_error();
  }
  ~Library() {
    for (const auto& [name, cipher] : ciphers) EVP_CIPHER_free(cipher);
    for (const auto& [name, digest] : digests) EVP_MD_free(digest);
    for (const auto& [name, mac] : macs) EVP_MAC_free(mac);
    for (const auto& [name, kdf] : kdfs) EVP_KDF_free(kdf);
    if (legacy_ != nullptr) OSSL_PROVIDER_unload(legacy_);
    if (normal_ != nullptr) OSSL_PROVIDER_unload(normal_);
  }

  std::mutex mutex_;
  Owned<OSSL_LIB_CTX, OSSL_LIB_CTX_free> context_;
  OSSL_PROVIDER* normal_;
  OSSL_PROVIDER* legacy_;
};

}  // namespace

const EVP_CIPHER* find_cipher(const char* name) {
  Library& library = Library::instance();
  return library.find<EVP_CIPHER, EVP_CIPHER_fetch>(library.ciphers, name);
}
const EVP_MD* find_digest(const char* name) {
  Library& library = Library::instance();
  return library.find<EVP_MD, EVP_MD_fetch>(library.digests, name);
}
EVP_MAC* find_mac(const char* name) {
  Library& library = Library::instance();
  return library.find<EVP_MAC, EVP_MAC_fetch>(library.macs, name);
}
EVP_KDF* find_kdf(const char* name) {
  Library& library = Library::instance();
  return library.find<EVP_KDF, EVP_KDF_fetch>(library.kdfs, name);
}

}  // namespace wirelens::tls
