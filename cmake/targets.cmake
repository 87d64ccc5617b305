# One target per folder, through three functions, so that every folder is built alike.

option(HEIRLOOM_WERROR "Treat warnings as errors" ON)
option(HEIRLOOM_FUZZERS "Build the libFuzzer harnesses (clang only)" OFF)

add_library(heirloom_options INTERFACE)
target_include_directories(heirloom_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_compile_definitions(heirloom_options INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_NO_TS_EXECUTORS
  RAPIDJSON_HAS_STDSTRING=1
  DOCTEST_CONFIG_SUPER_FAST_ASSERTS
  HEIRLOOM_VERSION="${PROJECT_VERSION}")
target_compile_options(heirloom_options INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
  $<$<BOOL:${HEIRLOOM_WERROR}>:-Werror>
  # Asio's coroutine frames trip these two in GCC 12 without cause.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete -Wno-maybe-uninitialized -Wno-restrict>)
target_link_libraries(heirloom_options INTERFACE Boost::headers fmt::fmt Threads::Threads)

# heirloom_library(NAME SRCS a.cc ... DEPS heirloom::base ... [LINK third::party ...])
function(heirloom_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;LINK" ${ARGN})
  add_library(heirloom_${name} STATIC ${ARG_SRCS})
  add_library(heirloom::${name} ALIAS heirloom_${name})
  target_link_libraries(heirloom_${name} PUBLIC heirloom_options ${ARG_DEPS} PRIVATE ${ARG_LINK})
endfunction()

# doctest's own code, four seconds of compiling, once for all test programs.
add_library(heirloom_test_main OBJECT ${PROJECT_SOURCE_DIR}/cmake/test_main.cc)
target_link_libraries(heirloom_test_main PUBLIC heirloom_options doctest::doctest)

# heirloom_test(NAME SRCS a_test.cc ... [DEPS heirloom::... ...]): one doctest program per folder, named <NAME>_test.
function(heirloom_test name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;LINK" ${ARGN})
  add_executable(${name}_test ${ARG_SRCS})
  target_link_libraries(${name}_test PRIVATE heirloom_options ${ARG_DEPS} ${ARG_LINK} heirloom_test_main doctest::doctest)
  add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endfunction()

# heirloom_fuzzer(NAME SRC DEPS ...): a libFuzzer harness <NAME>_fuzzer; its corpus is <folder>/fuzz/corpus/<NAME>.
function(heirloom_fuzzer name)
  if(NOT HEIRLOOM_FUZZERS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name}_fuzzer ${ARG_SRCS})
  target_link_options(${name}_fuzzer PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name}_fuzzer PRIVATE heirloom_options ${ARG_DEPS})
endfunction()

# heirloom_embed(TARGET heirloom::name_of_function FILES a.yaml ...): compiles files into TARGET; declare the function
# `std::span<const EmbeddedFile> name_of_function();` in a header of yours.
function(heirloom_embed target function)
  cmake_parse_arguments(ARG "" "" "FILES" ${ARGN})
  string(REPLACE "::" "_" stem ${function})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${stem}.cc)
  list(TRANSFORM ARG_FILES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  # A list of several files does not survive the command line with its semicolons.
  list(JOIN ARG_FILES "|" files)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DFUNCTION=${function} "-DFILES=${files}" -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${ARG_FILES} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
