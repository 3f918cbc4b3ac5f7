// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The types of packages/client, made from the schemas in the API's OpenAPI document. */

type Schema = Readonly<Record<string, unknown>>;

/** The text of packages/client/src/api-types.ts. */
export function formatClientTypes(schemas: Readonly<Record<string, Schema>>): string {
  // The client turns pages and problems into items and errors.
  const own = Object.entries(schemas).filter(
    ([name]) => !name.endsWith('Page') && name !== 'Problem',
  );
  const types = own.map(([name, schema]) => formatType(name, schema));
  return `// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Made by \`npm run docs\` of the schemas in packages/api/src/v1/schemas.ts. */

${types.join('\n')}`;
}

function formatType(name: string, schema: Schema): string {
  return `export interface ${name} ${formatObject(schema, '')}\n`;
}

function formatObject(schema: Schema, indent: string): string {
  const properties = schema['properties'] as Readonly<Record<string, Schema>> | undefined;
  if (properties === undefined) {
    const values = schema['additionalProperties'] as Schema | undefined;
    return `Readonly<Record<string, ${values === undefined ? 'unknown' : typeOf(values, indent)}>>`;
  }
  const required = schema['required'] as readonly string[];
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([name, property]) => {
    const { description } = property;
    const comment = typeof description === 'string' ? `${inner}/** ${description} */\n` : '';
    const optional = required.includes(name) ? '' : '?';
    return `${comment}${inner}readonly ${name}${optional}: ${typeOf(property, inner)};\n`;
  });
  return `{\n${lines.join('')}${indent}}`;
}

function typeOf(schema: Schema, indent: string): string {
  const { $ref: reference, oneOf, enum: values, type, items } = schema;
  if (typeof reference === 'string') return reference.split('/').at(-1) ?? '';
  if (Array.isArray(oneOf)) {
    return (oneOf as readonly Schema[]).map((one) => typeOf(one, indent)).join(' | ');
  }
  if (Array.isArray(values)) {
    return values.map((value) => (value === null ? 'null' : `'${String(value)}'`)).join(' | ');
  }
  if (Array.isArray(type)) {
    return type.map((one: unknown) => typeOf({ ...schema, type: one }, indent)).join(' | ');
  }
  switch (type) {
    case 'array':
      return `readonly ${arrayItem(typeOf(items as Schema, indent))}[]`;
    case 'object':
      return formatObject(schema, indent);
    case 'integer':
      return 'number';
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    default:
      throw new Error(`the schema ${JSON.stringify(schema)} has no type here`);
  }
}

function arrayItem(type: string): string {
  const isObject = type.startsWith('{') && type.endsWith('}');
  return type.includes('|') && !isObject ? `(${type})` : type;
}
