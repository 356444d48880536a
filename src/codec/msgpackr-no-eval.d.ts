/** The package ships this build without types; it exports the same classes as the main one. */
declare module 'msgpackr/index-no-eval' {
  export { addExtension, C1, Packr, Unpackr } from 'msgpackr';
}
