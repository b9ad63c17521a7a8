"""Where recordings come from: files, folders, globs and manifests that list them."""
