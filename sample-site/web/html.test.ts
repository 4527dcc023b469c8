import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { html, trusted } from './html.ts';

test('what a visitor typed cannot become markup', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', 'a') }), (text) => {
      const inside = html`<p title="${text}">${text}</p>`.text.slice('<p title="'.length, -'</p>'.length);
      assert.doesNotMatch(inside.replace('">', ''), /[<>"']/);
    }),
  );
});

test('nested templates, lists and trusted drawings are kept; undefined and false vanish', () => {
  assert.equal(html`<ul>${['a', 'b'].map((item) => html`<li>${item}</li>`)}</ul>`.text, '<ul><li>a</li><li>b</li></ul>');
  assert.equal(html`${undefined}${false}${0}${trusted('<svg/>')}`.text, '0<svg/>');
});
