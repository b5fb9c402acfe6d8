// The operators' screen.
import { call } from "./call.js";

const texts = call("GET", "texts").then((answer) => answer.texts);
