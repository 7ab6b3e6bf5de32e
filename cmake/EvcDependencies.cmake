# Third-party libraries, each found once and given one target name. Reasons, versions and licences: docs/dependencies.md.
find_package(Threads REQUIRED)
find_package(Boost 1.83 REQUIRED COMPONENTS json)
find_package(fmt REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(GTest REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
# These two for kit/telemetry alone.
find_package(CURL REQUIRED)
find_path(EVC_PROTOZERO_INCLUDE protozero/pbf_writer.hpp REQUIRED)
add_library(evc_protozero INTERFACE)
target_include_directories(evc_protozero SYSTEM INTERFACE ${EVC_PROTOZERO_INCLUDE})
# Linear programs for tests alone: what the route solvers find is held against them.
find_library(EVC_GLPK_LIBRARY glpk REQUIRED)
add_library(evc_glpk INTERFACE)
target_link_libraries(evc_glpk INTERFACE ${EVC_GLPK_LIBRARY})
find_package(Python3 REQUIRED COMPONENTS Interpreter)
# The tools read YAML by Debian's python3-yaml, which another Python on PATH would not see.
if(EXISTS /usr/bin/python3)
  set(EVC_PYTHON /usr/bin/python3)
else()
  set(EVC_PYTHON ${Python3_EXECUTABLE})
endif()

# Reading OpenStreetMap files: headers that tools/setup.sh unpacks into its cache (the package cannot stand beside Boost 1.83).
find_package(ZLIB REQUIRED)
find_package(BZip2 REQUIRED)
find_package(EXPAT REQUIRED)
execute_process(COMMAND bash -c ". tools/cache.sh && evc_osmium" WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
  OUTPUT_VARIABLE EVC_OSMIUM_DIR OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tools/osmium/packages.txt ${CMAKE_SOURCE_DIR}/tools/cache.sh)
if(NOT EXISTS ${EVC_OSMIUM_DIR}/usr/include/osmium)
  message(FATAL_ERROR "libosmium's headers are not in ${EVC_OSMIUM_DIR}: run tools/setup.sh")
endif()
add_library(evc_osmium INTERFACE)
target_include_directories(evc_osmium SYSTEM INTERFACE ${EVC_OSMIUM_DIR}/usr/include)
target_link_libraries(evc_osmium INTERFACE ZLIB::ZLIB BZip2::BZip2 EXPAT::EXPAT Threads::Threads)

# Asio, Asio's TLS and Beast are compiled once each, in kit/runtime, kit/net and kit/http.
add_library(evc_asio INTERFACE)
target_compile_definitions(evc_asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(evc_asio INTERFACE Boost::headers Threads::Threads)
