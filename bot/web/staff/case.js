// A case: ready-made texts are put in as one types. Without scripts they are when it is saved.
import { expands } from "./expand.js";

const named = [...document.querySelectorAll("#texts [data-short]")];
const texts = named.map((one) => ({ short: one.dataset.short, text: one.nextElementSibling.textContent }));
expands(document.getElementById("text"), texts);
