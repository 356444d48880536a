import { count, date, list, listOfNames, primitive, put, type Build } from './build.js';
import { Kind, malformed, type Place } from './place.js';

/**
 * A function that makes values of a shape: for `{"id":0,"at":2,"bots":[{"name":0}]}`
 *
 *     let i = 0;
 *     const v0 = primitive(leaves[i++]);
 *     const v1 = date(leaves[i++]);
 *     const v2 = new Array(count(leaves[i++], leaves));
 *     for (let v3 = 0; v3 < v2.length; v3++) {
 *       const v4 = primitive(leaves[i++]);
 *       v2[v3] = { "name": v4 };
 *     }
 *     if (i !== leaves.length) throw malformed();
 *     return { "id": v0, "at": v1, "bots": v2 };
 *
 * Names of fields are all of the data that gets into the code, and only such as are of letters, digits, `_` and `$`:
 * objects with others are dictionaries, whose names are leaves. What is more, they are string literals that
 * `JSON.stringify` has written. Such a literal ends where the name ends, whatever the name is. `"…":` means nothing but
 * the field of that name, with one exception: `"__proto__":`. No shape has such a field. Serializers of JSON and
 * validators of schemas make code in the same way.
 *
 * @throws EvalError where the process may not make code from strings (`--disallow-code-generation-from-strings`)
 */
export function compileBuild(root: Place): Build {
  const code = new Code();
  const value = code.valueOf(root);
  const body = `"use strict";
return (leaves) => {
let i = 0;
${code.statements.join('\n')}
if (i !== leaves.length) throw malformed();
return ${value};
};`;
  // oxlint-disable-next-line typescript/no-implied-eval -- see above
  const make = new Function('primitive', 'date', 'list', 'count', 'listOfNames', 'put', 'malformed', body);
  return make(primitive, date, list, count, listOfNames, put, malformed) as Build;
}

/** Writes statements that take the leaves of a place, and gives an expression for its value. */
class Code {
  readonly statements: string[] = [];
  private variables = 0;

  valueOf(place: Place): string {
    switch (place.kind) {
      case Kind.Primitive:
        return this.constant('primitive(leaves[i++])');
      case Kind.Nothing:
        return 'undefined';
      case Kind.Time:
        return this.constant('date(leaves[i++])');
      case Kind.List:
        return this.constant('list(leaves[i++])');
      case Kind.Fields: {
        const values = place.places.map((each) => this.valueOf(each));
        return `{ ${values.map((value, index) => `${JSON.stringify(place.names[index])}: ${value}`).join(', ')} }`;
      }
      case Kind.Dictionary:
        return this.valueOfDictionary(place.item);
      case Kind.Items:
        return this.valueOfItems(place.item);
      default:
        return this.valueOfOneOf(place.places);
    }
  }

  private valueOfDictionary(item: Place): string {
    const names = this.constant('listOfNames(leaves[i++])');
    const object = this.constant('{}');
    const index = this.name();
    this.statements.push(`for (let ${index} = 0; ${index} < ${names}.length; ${index}++) {`);
    const value = this.valueOf(item);
    this.statements.push(`put(${object}, ${names}[${index}], ${value});`, '}');
    return object;
  }

  private valueOfItems(item: Place): string {
    const array = this.constant('new Array(count(leaves[i++], leaves))');
    const index = this.name();
    this.statements.push(`for (let ${index} = 0; ${index} < ${array}.length; ${index}++) {`);
    const value = this.valueOf(item);
    this.statements.push(`${array}[${index}] = ${value};`, '}');
    return array;
  }

  private valueOfOneOf(places: readonly Place[]): string {
    const value = this.name();
    this.statements.push(`let ${value};`, 'switch (leaves[i++]) {');
    for (const [index, place] of places.entries()) {
      this.statements.push(`case ${index}: {`);
      const made = this.valueOf(place);
      this.statements.push(`${value} = ${made};`, 'break;', '}');
    }
    this.statements.push('default: throw malformed();', '}');
    return value;
  }

  private constant(expression: string): string {
    const name = this.name();
    this.statements.push(`const ${name} = ${expression};`);
    return name;
  }

  private name(): string {
    return `v${this.variables++}`;
  }
}
