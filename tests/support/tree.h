// support/tree.h - where the tests find the tree's own files.
#pragma once

#include <filesystem>
#include <string>

namespace wirelens {

/// A path below the top of the tree, for example tree("captures/demo.pcapng").
inline std::string tree(const std::string& below) {
  return (std::filesystem::path(WIRELENS_TREE) / below).string();
}

}  // namespace wirelens
