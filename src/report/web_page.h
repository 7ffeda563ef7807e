// report/web_page.h - the page of `-w html=`, as src/report/web/build.mjs made it of TypeScript.
#pragma once

#include <string_view>

namespace wirelens {

/// The page, cut where what was found is put in. All empty: this build has none, because there was
/// no node when it was made.
struct WebPage {
  std::string_view before_summary;
  std::string_view before_tables;
  std::string_view after_tables;
};
extern const WebPage kWebPage;

}  // namespace wirelens
