// tls/trust_store.cc - finds and reads the roots.
#include "tls/trust_store.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string_view>

namespace wirelens::tls {
namespace {

using OwnedBio = Owned<BIO, BIO_free_all>;

/// More than any system trusts; a folder or file beyond is not read on.
constexpr std::size_t kMostRoots = 65'536;

std::string chosen_by(const char* variable, const char* otherwise) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

}  // namespace

Result<std::shared_ptr<const TrustStore>> TrustStore::open(const std::string& path) {
  auto trust = std::shared_ptr<TrustStore>(new TrustStore);
  trust->store_.reset(X509_STORE_new());
  if (!trust->store_) return Error{"OpenSSL has no memory for a certificate store"};
  if (!path.empty()) {
    if (!trust->add_file(path)) return Error{fmt::format("cannot read {}", path)};
    if (trust->size_ == 0) return Error{fmt::format("{} has no certificate in PEM", path)};
  } else {
    const std::string file = chosen_by("SSL_CERT_FILE", X509_get_default_cert_file());
    if (!trust->add_file(file) || trust->size_ == 0) {
      trust->add_folder(chosen_by("SSL_CERT_DIR", X509_get_default_cert_dir()));
    }
  }
  trust->learn_epochs();
  return std::shared_ptr<const TrustStore>(std::move(trust));
}

std::shared_ptr<const TrustStore> TrustStore::none() {
  auto trust = std::shared_ptr<TrustStore>(new TrustStore);
  trust->store_.reset(X509_STORE_new());
  return trust;
}

bool TrustStore::add_file(const std::string& path) {
  const OwnedBio file(BIO_new_file(path.c_str(), "r"));
  if (!file) {
    ERR_clear_error();
    return false;
  }
  while (size_ < kMostRoots) {
    const OwnedX509 x509(PEM_read_bio_X509_AUX(file.get(), nullptr, nullptr, nullptr));
    if (!x509) break;
    if (X509_STORE_add_cert(store_.get(), x509.get()) == 1) ++size_;
  }
  ERR_clear_error();
  return true;
}

void TrustStore::add_folder(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(path, ignored)) {
    const std::string extension = entry.path().extension();
    if (extension == ".pem" || extension == ".crt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) add_file(file);
}

void TrustStore::learn_epochs() {
  const STACK_OF(X509_OBJECT)* objects = X509_STORE_get0_objects(store_.get());
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    const X509* x509 = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
    if (x509 == nullptr) continue;
    for (const ASN1_TIME* time : {X509_get0_notBefore(x509), X509_get0_notAfter(x509)}) {
      std::tm broken_down{};
      if (ASN1_TIME_to_tm(time, &broken_down) == 1) epochs_.push_back(timegm(&broken_down));
    }
  }
  std::sort(epochs_.begin(), epochs_.end());
}

std::size_t TrustStore::epoch_of(std::int64_t time) const {
  const auto after = std::upper_bound(epochs_.begin(), epochs_.end(), time);
  return static_cast<std::size_t>(after - epochs_.begin());
}

}  // namespace wirelens::tls
