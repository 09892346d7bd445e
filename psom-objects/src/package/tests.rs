mod tests_placeholder {}
