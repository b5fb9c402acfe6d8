// /openapi.json as a page one can read; nothing is fetched from anywhere else.
import { make } from "./widget/replies.js";

const WORDS = { inputs: ["项", "形式", "说明"], needed: "（必填）", path: "地址里", query: "地址后", header: "标头", body: "JSON" };
const api = await (await fetch("/openapi.json")).json();

function named(schema) {
  const found = schema?.$ref ?? schema?.allOf?.[0]?.$ref;
  return found ? api.components.schemas[found.split("/").at(-1)] : schema;
}

function kind(schema) {
  const type = named(schema)?.type ?? "";
  return schema?.format ? `${type} (${schema.format})` : type;
}

function row(name, place, schema, needed, description) {
  const label = make("td", {}, make("code", {}, name), needed ? WORDS.needed : "");
  return make("tr", {}, label, make("td", {}, `${place} ${kind(schema)}`), make("td", {}, description ?? ""));
}

function inputs(route) {
  const rows = (route.parameters ?? []).map((one) =>
    row(one.name, WORDS[one.in] ?? one.in, one.schema, one.required, one.description ?? one.schema?.description),
  );
  const body = named(route.requestBody?.content?.["application/json"]?.schema);
  for (const [name, schema] of Object.entries(body?.properties ?? {})) {
    rows.push(row(name, WORDS.body, schema, body.required?.includes(name), schema.description));
  }
  if (!rows.length) return [];
  const head = make("tr", {}, ...WORDS.inputs.map((word) => make("th", { scope: "col" }, word)));
  return [make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows))];
}

for (const [path, methods] of Object.entries(api.paths)) {
  for (const [method, route] of Object.entries(methods)) {
    const title = make("h2", {}, make("code", {}, `${method.toUpperCase()} ${path}`));
    const about = make("p", {}, route.summary ?? "");
    document.getElementById("routes").append(make("section", {}, title, about, ...inputs(route)));
  }
}
