// tls/trust_store.h - the roots that certificates are verified against.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/openssl.h"

namespace wirelens::tls {

/// Trusted certificates, loaded once and then only read: any thread may use it.
class TrustStore {
 public:
  /// From a file of PEM certificates; "": the system's store (SSL_CERT_FILE and SSL_CERT_DIR as
  /// OpenSSL knows them, else where distributions keep it). An Error if the file cannot be read or
  /// has no certificate. A system without a store is an empty store: nothing is trusted then.
  static Result<std::shared_ptr<const TrustStore>> open(const std::string& path);

  /// An empty one: nothing is trusted.
  static std::shared_ptr<const TrustStore> none();

  X509_STORE* store() const { return store_.get(); }
  std::size_t size() const { return size_; }
  /// How many of the moments at which one of its certificates begins or ceases to be valid lie at
  /// or before `time`: between two moments with the same count no judgement changes.
  std::size_t epoch_of(std::int64_t time) const;

 private:
  TrustStore() = default;
  void learn_epochs();
  bool add_file(const std::string& path);
  void add_folder(const std::string& path);

  Owned<X509_STORE, X509_STORE_free> store_;
  std::size_t size_ = 0;
  std::vector<std::int64_t> epochs_;  ///< seconds since 1970, in order
};

}  // namespace wirelens::tls
