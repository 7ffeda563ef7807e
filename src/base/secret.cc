// base/secret.cc - the one way of wiping.
#include "base/secret.h"

#include <openssl/crypto.h>

namespace wirelens {

void wipe(void* at, std::size_t bytes) {
  OPENSSL_cleanse(at, bytes);
}

}  // namespace wirelens
