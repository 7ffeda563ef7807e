// tls/crypto.h - OpenSSL's algorithms, looked up once for the whole program.
#pragma once

#include "tls/openssl.h"

namespace wirelens::tls {

// By OpenSSL's name; nullptr if it has none of that name. Old ones (RC4, DES, IDEA, SEED) come from
// its legacy provider, which is loaded into a library context of our own. Any thread.
const EVP_CIPHER* find_cipher(const char* name);
const EVP_MD* find_digest(const char* name);
EVP_MAC* find_mac(const char* name);
EVP_KDF* find_kdf(const char* name);

}  // namespace wirelens::tls
