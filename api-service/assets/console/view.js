// What the other files make elements with.
import { h, render } from "./preact-11.2.0.module.js";
import htm from "./htm-3.1.1.module.js";

export const html = htm.bind(h);
export { render };
export {
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "./preact-hooks-11.2.0.module.js";
