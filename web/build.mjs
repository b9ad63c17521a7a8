// Builds what browsers load: src/app.css and src/pages -> ../api/static/build, the same bytes on every machine.
import { build } from "esbuild";
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? path.join(here, "../api/static/build");
const pages = (await readdir(path.join(here, "src/pages"))).map((name) => path.join(here, "src/pages", name));

await rm(out, { recursive: true, force: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: [path.join(here, "src/app.css"), ...pages],
  entryNames: "[name]",
  chunkNames: "chunk-[hash]",
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});
await writeFile(path.join(out, "LICENSES.txt"), await licences(Object.keys(result.metafile.inputs)));

/** The licences of the packages that went into the build. */
async function licences(inputs) {
  const packages = new Set(inputs.map((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]).filter(Boolean));
  const texts = [];
  for (const name of [...packages].sort()) {
    const folder = path.join(here, "node_modules", name);
    const { version } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
    // some packages keep those of what they hold in a folder of that name
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
      .filter((file) => /^(licen[cs]e|notice)/i.test(file))
      .sort();
    const said = await Promise.all(files.map((file) => readFile(path.join(folder, file), "utf8")));
    texts.push(`${name} ${version}\n\n${said.map((text) => text.trim()).join("\n\n")}\n`);
  }
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
