#include "e2e/source_text.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace heirloom::e2e {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSkippedFolders[] = {".git",         "build",       ".cache",
                                                "node_modules", "__pycache__", "corpus"};

bool skipped(const fs::path& folder) {
  const auto name = folder.filename().string();
  return std::ranges::find(kSkippedFolders, name) != std::end(kSkippedFolders);
}

// Where the literal that starts at `at` (a quote) ends: one past its closing quote.
size_t end_of_quoted(std::string_view text, size_t at) {
  const char quote = text[at];
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == quote || text[i] == '\n') {
      return i + 1;
    }
  }
  return text.size();
}

// Of a raw string whose opening quote is at `at`.
size_t end_of_raw(std::string_view text, size_t at) {
  const auto open = text.find('(', at);
  if (open == std::string_view::npos) return text.size();
  const std::string close = ")" + std::string(text.substr(at + 1, open - at - 1)) + "\"";
  const auto end = text.find(close, open);
  return end == std::string_view::npos ? text.size() : end + close.size();
}

void blank(std::string& out, size_t begin, size_t end) {
  for (size_t i = begin; i < end && i < out.size(); ++i) {
    if (out[i] != '\n') out[i] = ' ';
  }
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

}  // namespace

bool SourceFile::is_test() const {
  return path.ends_with("_test.cc") || path.find("/testing/") != std::string::npos ||
         path.find("/fuzz/") != std::string::npos || folder() == "e2e" || folder() == "bench";
}

std::string without_comments_and_literals(std::string_view text) {
  std::string out(text);
  size_t i = 0;
  while (i < text.size()) {
    const auto rest = text.substr(i);
    size_t end = i + 1;
    if (rest.starts_with("//")) {
      end = std::min(text.find('\n', i), text.size());
      blank(out, i, end);
    } else if (rest.starts_with("/*")) {
      const auto close = text.find("*/", i + 2);
      end = close == std::string_view::npos ? text.size() : close + 2;
      blank(out, i, end);
    } else if (text[i] == '"') {
      const bool raw = i > 0 && text[i - 1] == 'R';
      end = raw ? end_of_raw(text, i) : end_of_quoted(text, i);
      blank(out, i + 1, end - 1);
    } else if (text[i] == '\'' && (i == 0 || !is_word(text[i - 1]))) {  // not the separator of 1'000
      end = end_of_quoted(text, i);
      blank(out, i + 1, end - 1);
    }
    i = end;
  }
  return out;
}

std::vector<SourceFile> read_sources(const std::string& root) {
  std::vector<SourceFile> sources;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator(); ++it) {
    if (it->is_directory() && skipped(it->path())) {
      it.disable_recursion_pending();
      continue;
    }
    if (!it->is_regular_file() || it->path().filename() == ".git") continue;
    std::ifstream in(it->path(), std::ios::binary);
    SourceFile file{fs::relative(it->path(), root).generic_string(),
                    std::string(std::istreambuf_iterator<char>(in), {}),
                    {}};
    if (file.is_cpp()) file.code = without_comments_and_literals(file.text);
    sources.push_back(std::move(file));
  }
  std::ranges::sort(sources, {}, &SourceFile::path);
  return sources;
}

int line_of(std::string_view text, size_t offset) {
  return 1 + static_cast<int>(std::ranges::count(text.substr(0, offset), '\n'));
}

std::string joined(const Violations& violations) {
  std::string text;
  for (const auto& violation : violations) text += "\n" + violation;
  return text;
}

}  // namespace heirloom::e2e
