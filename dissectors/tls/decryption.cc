// tls/decryption.cc - whether there are keys.
#include "tls/decryption.h"

namespace wirelens::tls {

std::unique_ptr<Decryption> begin_decryption(Context&) {
  return nullptr;
}

}  // namespace wirelens::tls
