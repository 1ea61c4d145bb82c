// Draws the charts of a report from the data beside them, with hover and zoom. Without it the pictures in the page stay as they are.
(() => {
  'use strict';
  const make = (name, attributes, parent) => {
    const node = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    if (parent) parent.appendChild(node);
    return node;
  };
  const element = (name, className, text, parent) => {
    const node = document.createElement(name);
    node.className = className;
    node.textContent = text;
    if (parent) parent.appendChild(node);
    return node;
  };

  // Numbers, as the program writes them: three digits, no unit smaller than needed.
  const plain = value => {
    const size = Math.abs(value);
    if (size === 0) return '0';
    if (size >= 999.5) return Math.round(value).toLocaleString('en-US');
    return String(Number(value.toPrecision(3)));
  };
  const seconds = value => {
    const size = Math.abs(value);
    if (size === 0) return '0 s';
    if (size < 0.9995e-3) return plain(value * 1e6) + ' us';
    if (size < 0.9995) return plain(value * 1e3) + ' ms';
    return size < 300 ? plain(value) + ' s' : plain(value / 60) + ' min';
  };
  const clock = (value, dayStart, exact) => {
    const total = Math.round(value + dayStart), day = Math.floor(total / 86400), rest = total - day * 86400;
    const two = n => String(n).padStart(2, '0');
    const time = two(Math.floor(rest / 3600)) + ':' + two(Math.floor(rest / 60) % 60) + (rest % 60 ? ':' + two(rest % 60) : '');
    if (exact) return (day > 0 ? 'day ' + (day + 1) + ' ' : '') + time;
    return rest === 0 && day > 0 ? 'day ' + (day + 1) : time;
  };
  const shown = (value, axis) => {
    if (axis.kind === 'time') return clock(value, axis.day_s);
    if (axis.kind === 'usd') return plain(value) + ' USD';
    if (axis.kind === 'percent') return plain(value) + ' %';
    return axis.kind === 'seconds' ? seconds(value) : plain(value);
  };

  const timeSteps = [1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600];
  const ticks = (axis, from, to, most) => {
    const found = [];
    if (axis.log) {
      const steps = Math.log10(to / from) < 2.2 ? [1, 2, 5] : [1, 3];
      for (let power = Math.floor(Math.log10(from)); power <= Math.log10(to); power++) {
        for (const step of steps) {
          const tick = step * 10 ** power;
          if (tick >= from && tick <= to) found.push(tick);
        }
      }
      return found;
    }
    let step, shift = 0;
    if (axis.kind === 'time') {
      step = timeSteps.find(step => (to - from) / step <= most) || Math.ceil((to - from) / most / 2419200) * 2419200;
      shift = axis.day_s;
    } else {
      const rough = (to - from) / most, power = 10 ** Math.floor(Math.log10(rough));
      step = [1, 2, 2.5, 5, 10].map(n => n * power).find(step => step >= rough * 0.999);
      if (axis.kind === 'count') step = Math.max(1, Math.round(step));
    }
    for (let n = Math.ceil((from + shift) / step - 1e-9); n * step - shift <= to + step * 1e-9; n++) found.push(n * step - shift);
    return found;
  };

  const tip = element('div', '', '', document.body);
  tip.id = 'tip';
  tip.hidden = true;
  tip.setAttribute('role', 'status');
  const tell = (text, x, y) => {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect(), room = document.documentElement.clientWidth;
    tip.style.left = Math.max(4, x + 14 + box.width > room ? x - 14 - box.width : x + 14) + 'px';
    tip.style.top = Math.max(4, y - box.height - 10) + 'px';
  };
  const hush = () => { tip.hidden = true; };

  class Chart {
    constructor(figure) {
      this.spec = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
      this.figure = figure;
      this.free = this.spec.panels.length === 1 && this.spec.panels[0].dots.length > 0;
      this.host = element('div', 'live-chart', '', figure);
      for (const panel of this.spec.panels) this.fit(panel);
      this.reset();
      this.tools();
      this.panels = this.spec.panels.map(panel => this.frame(panel));
      figure.classList.add('live');
      this.draw();
      this.width = this.host.clientWidth;
      new ResizeObserver(() => {
        if (Math.abs(this.host.clientWidth - this.width) < 2) return;
        this.width = this.host.clientWidth;
        this.draw();
      }).observe(this.host);
    }

    // The values of a panel, from zero or, on a logarithmic axis, from the smallest.
    fit(panel) {
      let least = Infinity, most = 0;
      const take = value => {
        if (value === null || value === undefined) return;
        most = Math.max(most, value);
        if (value > 0) least = Math.min(least, value);
      };
      for (const line of panel.lines) for (const point of line.points) point.slice(1).forEach(take);
      for (const dot of panel.dots) take(dot.y + dot.dy);
      for (const level of panel.levels) take(level.at * (panel.dots.length ? 1.4 : 1));
      panel.log = panel.may_log && least < Infinity && most / least > 8;
      panel.from = panel.log ? least / 1.25 : 0;
      panel.to = panel.bound || (panel.log ? most * 1.25 : most > 0 ? most * 1.08 : 1);
    }

    reset() {
      const x = this.spec.x;
      this.view = { x0: x.from, x1: x.to, y0: null, y1: null };
    }

    tools() {
      const tools = element('div', 'tools', '', this.host);
      element('span', '', this.free ? 'Point at a cell; drag a box to zoom.' : 'Point at a moment; drag sideways to zoom.', tools);
      const button = (text, label, act) => {
        const node = element('button', '', text, tools);
        node.type = 'button';
        node.setAttribute('aria-label', label);
        node.addEventListener('click', () => { act(); this.draw(); });
      };
      button('+', 'Zoom in', () => this.zoom(0.5));
      button('\u2212', 'Zoom out', () => this.zoom(2));
      button('All', 'Show all', () => this.reset());
    }

    zoom(factor) {
      const around = (from, to) => { const middle = (from + to) / 2, half = (to - from) / 2 * factor; return [middle - half, middle + half]; };
      const view = this.view, x = this.spec.x, panel = this.spec.panels[0];
      [view.x0, view.x1] = around(view.x0, view.x1);
      if (this.free) [view.y0, view.y1] = around(view.y0 ?? panel.from, view.y1 ?? panel.to);
      view.x0 = Math.max(view.x0, x.from);
      view.x1 = Math.min(view.x1, x.to);
      if (this.free) { view.y0 = Math.max(view.y0, panel.from); view.y1 = Math.min(view.y1, panel.to); }
    }

    frame(panel) {
      const box = element('div', 'panel', '', this.host);
      const head = element('div', 'head', '', box);
      element('b', '', panel.title, head);
      const key = (name, className) => {
        const node = element('span', 'key ' + className, '', head);
        element('i', '', '', node);
        node.append(name);
      };
      for (const line of panel.lines) if (line.name) key(line.name, line.class + (line.shape === 'area' ? ' block' : line.shape === 'dashed' ? ' dashed' : ''));
      for (const level of panel.levels.concat(panel.uprights)) key(level.name, level.class + ' dashed');
      for (const name of new Set(panel.bands.map(band => band.name))) key(name, panel.bands.find(band => band.name === name).class + ' block');
      const kinds = new Map(panel.dots.map(dot => [dot.kind, dot]));
      for (const [kind, dot] of kinds) {
        const node = element('span', 'key', '', head);
        this.mark(make('svg', { viewBox: '0 0 16 16' }, node), { ...dot, winner: false, baseline: false }, 8, 8);
        node.append(kind);
      }
      for (const [what, name] of [['winner', 'cheapest that holds'], ['baseline', 'baseline']]) {
        const dot = panel.dots.find(dot => dot[what]);
        if (!dot) continue;
        const node = element('span', 'key', '', head);
        const ring = make('svg', { viewBox: '0 0 16 16' }, node);
        if (what === 'winner') make('circle', { class: 'ring c-green', cx: 8, cy: 8, r: 6 }, ring);
        else make('path', { class: 'dot base c-ink', d: 'M8 1 L15 14 L1 14 Z' }, ring);
        node.append(name);
      }
      const svg = make('svg', { class: 'plot', role: 'img', 'aria-label': panel.title }, box);
      this.listen(svg, panel);
      return { panel, svg };
    }

    // A cell: its shape says again what its colour says.
    mark(parent, dot, x, y) {
      if (dot.baseline) make('path', { class: 'dot base c-ink', d: `M${x} ${y - 13} L${x + 12} ${y + 9} L${x - 12} ${y + 9} Z` }, parent);
      if (dot.winner) make('circle', { class: 'ring c-green', cx: x, cy: y, r: 10 }, parent);
      const shape = dot.class === 'c-red' ? ['rect', { x: x - 4.5, y: y - 4.5, width: 9, height: 9 }] : ['circle', { cx: x, cy: y, r: 5 }];
      return make(shape[0], { ...shape[1], class: 'dot ' + dot.class + (dot.class === 'c-grey' ? ' hollow' : '') }, parent);
    }

    draw() {
      hush();
      this.panels.forEach(({ panel, svg }, at) => this.panel(panel, svg, at === this.panels.length - 1));
    }

    panel(panel, svg, last) {
      const width = Math.max(280, this.host.clientWidth), below = last ? (this.spec.x.label ? 42 : 24) : 8;
      const tall = this.free ? Math.max(300, Math.min(520, width * 0.6)) : panel.height;
      const area = { left: this.free ? 58 : 62, right: width - 14, top: 8, bottom: 8 + tall };
      const y0 = this.view.y0 ?? panel.from, y1 = this.view.y1 ?? panel.to, { x0, x1 } = this.view;
      const place = value => panel.log ? Math.log(Math.max(value, panel.from)) : value;
      const X = value => area.left + (value - x0) / (x1 - x0) * (area.right - area.left);
      const Y = value => area.bottom - (place(value) - place(y0)) / (place(y1) - place(y0)) * (area.bottom - area.top);
      const axis = { kind: panel.kind, log: panel.log };
      panel.now = { area, width, X, Y, x0, x1, y0, y1 };
      svg.replaceChildren();
      svg.setAttribute('viewBox', `0 0 ${width} ${area.bottom + below}`);
      const id = 'clip-' + Math.random().toString(36).slice(2);
      const clip = make('clipPath', { id }, make('defs', {}, svg));
      // Marks on an edge are shown whole.
      const edge = this.free ? 12 : 0;
      make('rect', { x: area.left - edge, y: area.top - edge, width: area.right - area.left + 2 * edge, height: area.bottom - area.top + 2 * edge }, clip);
      for (const tick of ticks(axis, y0, y1, tall < 150 ? 3.2 : 5)) {
        make('line', { class: 'grid', x1: area.left, x2: area.right, y1: Y(tick), y2: Y(tick) }, svg);
        make('text', { x: area.left - 6, y: Y(tick) + 4, 'text-anchor': 'end' }, svg).textContent = shown(tick, axis);
      }
      for (const tick of ticks(this.spec.x, x0, x1, Math.max(2.5, width / 90))) {
        make('line', { class: 'grid', x1: X(tick), x2: X(tick), y1: area.top, y2: area.bottom }, svg);
        if (last) make('text', { x: X(tick), y: area.bottom + 16, 'text-anchor': X(tick) > width - 34 ? 'end' : 'middle' }, svg).textContent = shown(tick, this.spec.x);
      }
      if (last && this.spec.x.label) make('text', { x: (area.left + area.right) / 2, y: area.bottom + 35, 'text-anchor': 'middle', class: 'name' }, svg).textContent = this.spec.x.label;
      const inside = make('g', { 'clip-path': `url(#${id})` }, svg);
      for (const band of panel.bands) {
        const from = X(band.from);
        make('rect', { class: 'band ' + band.class, x: from, y: area.top, width: Math.max(1.5, X(band.to) - from), height: area.bottom - area.top }, inside);
      }
      for (const line of panel.lines) this.line(line, panel, inside);
      for (const level of panel.levels) make('line', { class: 'level ' + level.class, x1: area.left, x2: area.right, y1: Y(level.at), y2: Y(level.at) }, inside);
      for (const level of panel.uprights) make('line', { class: 'level ' + level.class, y1: area.top, y2: area.bottom, x1: X(level.at), x2: X(level.at) }, inside);
      make('rect', { class: 'frame', x: area.left, y: area.top, width: area.right - area.left, height: area.bottom - area.top }, svg);
      this.dots(panel, inside);
      panel.cursor = make('line', { class: 'cursor', y1: area.top, y2: area.bottom, visibility: 'hidden' }, svg);
      panel.choice = make('rect', { class: 'choice', visibility: 'hidden' }, svg);
    }

    line(line, panel, parent) {
      const { X, Y, area } = panel.now, steps = line.shape !== 'line';
      const end = this.spec.x.to;
      let path = '', span = [], open = false, start = 0;
      const close = x => { if (open && line.shape === 'area') path += `V${area.bottom}H${start.toFixed(1)}Z`; open = false; };
      const flush = () => {
        if (span.length > 1 && span.some(point => point[1] !== point[2])) {
          const there = span.map(p => `${p[0].toFixed(1)} ${Y(p[2]).toFixed(1)}`), back = span.slice().reverse().map(p => `${p[0].toFixed(1)} ${Y(p[1]).toFixed(1)}`);
          make('path', { class: 'span ' + line.class, d: 'M' + there.concat(back).join('L') + 'Z' }, parent);
        }
        span = [];
      };
      line.points.forEach((point, at) => {
        const [time, value, low, high] = point;
        if (value === null) { close(); flush(); return; }
        const x = X(time), y = Y(value);
        if (!open) { path += `M${x.toFixed(1)} ${y.toFixed(1)}`; start = x; open = true; }
        else path += steps ? `V${y.toFixed(1)}` : `L${x.toFixed(1)} ${y.toFixed(1)}`;
        if (steps) path += `H${X(at + 1 < line.points.length ? line.points[at + 1][0] : end).toFixed(1)}`;
        if (low !== undefined) span.push([x, low, high]);
      });
      close();
      flush();
      make('path', { class: (line.shape === 'area' ? 'area ' : 'line ' + (line.shape === 'dashed' ? 'dashed ' : '')) + line.class, d: path }, parent);
    }

    dots(panel, parent) {
      const { X, Y, area } = panel.now, taken = [];
      for (const dot of panel.dots) {
        const group = make('g', { class: dot.class }, parent), low = Math.max(0, dot.y - dot.dy);
        make('line', { class: 'error', x1: X(dot.x - dot.dx), x2: X(dot.x + dot.dx), y1: Y(dot.y), y2: Y(dot.y) }, group);
        make('line', { class: 'error', x1: X(dot.x), x2: X(dot.x), y1: Y(low), y2: Y(dot.y + dot.dy) }, group);
      }
      for (const dot of panel.dots) { dot.node = this.mark(parent, dot, X(dot.x), Y(dot.y)); dot.node.dataset.cell = dot.name; }
      // Names of the most important cells; one that would lie over another, or over a mark, is left out.
      if (panel.dots.length <= 60) for (const dot of panel.dots) taken.push([X(dot.x) - 6, X(dot.x) + 6, Y(dot.y) - 4]);
      for (const dot of panel.dots.slice().sort((a, b) => a.rank - b.rank).slice(0, area.right < 520 ? 4 : 12)) {
        const x = X(dot.x), y = Y(dot.y), long = dot.label.length * 6.4;
        if (x < area.left || x > area.right || y < area.top || y > area.bottom) continue;
        const left = x + 14 + long > area.right ? Math.max(area.left + 2, x - 14 - long) : x + 12;
        const free = dy => y + dy > area.top + 10 && y + dy < area.bottom - 2 && taken.every(([from, to, line]) => left + long < from || left > to || Math.abs(y + dy - line) > 14);
        const dy = [-10, -25, 18, 32].find(free);
        if (dy === undefined) continue;
        taken.push([left, left + long, y + dy]);
        make('text', { class: 'name', x: left, y: y + dy }, parent).textContent = dot.label;
      }
    }

    listen(svg, panel) {
      let down = null;
      const at = event => {
        const box = svg.getBoundingClientRect(), scale = panel.now.width / box.width;
        return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
      };
      const value = ([x, y]) => {
        const { area, x0, x1, y0, y1 } = panel.now, hold = (low, v, high) => Math.min(high, Math.max(low, v));
        return [x0 + (hold(area.left, x, area.right) - area.left) / (area.right - area.left) * (x1 - x0), y0 + (area.bottom - hold(area.top, y, area.bottom)) / (area.bottom - area.top) * (y1 - y0)];
      };
      svg.addEventListener('pointerdown', event => {
        if (event.button) return;
        down = at(event);
        // A made-up pointer cannot be captured; a drag then ends at the edge.
        try { svg.setPointerCapture(event.pointerId); } catch { /* see above */ }
        this.point(panel, at(event), event);
      });
      svg.addEventListener('pointermove', event => {
        const now = at(event);
        if (!down || Math.abs(now[0] - down[0]) < 6) return this.point(panel, now, event);
        const { area } = panel.now, tall = this.free;
        hush();
        panel.choice.setAttribute('visibility', 'visible');
        panel.choice.setAttribute('x', Math.min(down[0], now[0]));
        panel.choice.setAttribute('width', Math.abs(down[0] - now[0]));
        panel.choice.setAttribute('y', tall ? Math.min(down[1], now[1]) : area.top);
        panel.choice.setAttribute('height', tall ? Math.abs(down[1] - now[1]) : area.bottom - area.top);
      });
      svg.addEventListener('pointerup', event => {
        const from = down, to = at(event);
        down = null;
        panel.choice.setAttribute('visibility', 'hidden');
        if (!from || Math.abs(to[0] - from[0]) < 6 || this.free && Math.abs(to[1] - from[1]) < 6) return;
        const [a, b] = [value(from), value(to)], view = this.view;
        [view.x0, view.x1] = [Math.min(a[0], b[0]), Math.max(a[0], b[0])];
        if (this.free) [view.y0, view.y1] = [Math.min(a[1], b[1]), Math.max(a[1], b[1])];
        this.draw();
      });
      svg.addEventListener('pointercancel', () => { down = null; panel.choice.setAttribute('visibility', 'hidden'); });
      svg.addEventListener('pointerleave', () => { hush(); this.cursor(null); });
      svg.addEventListener('dblclick', () => { this.reset(); this.draw(); });
    }

    cursor(x) {
      for (const { panel } of this.panels) {
        panel.cursor.setAttribute('visibility', x === null ? 'hidden' : 'visible');
        if (x !== null) { panel.cursor.setAttribute('x1', x); panel.cursor.setAttribute('x2', x); }
      }
    }

    // Tells what lies under the pointer: the nearest cell, or the values of a moment.
    point(panel, [x, y], event) {
      const { X, Y, area, x0, x1 } = panel.now;
      if (this.free) {
        let nearest = null, least = 26;
        for (const dot of panel.dots) {
          dot.node.classList.remove('lit');
          const far = Math.hypot(X(dot.x) - x, Y(dot.y) - y);
          if (far < least) [nearest, least] = [dot, far];
        }
        if (!nearest) return hush();
        nearest.node.classList.add('lit');
        return tell(nearest.tip, event.clientX, event.clientY);
      }
      if (x < area.left || x > area.right) { hush(); return this.cursor(null); }
      const time = x0 + (x - area.left) / (area.right - area.left) * (x1 - x0);
      this.cursor(x);
      const rows = [clock(time, this.spec.x.day_s, true)];
      for (const line of panel.lines) {
        const point = line.points.findLast(point => point[0] <= time) || line.points[0];
        if (!point || point[1] === null) continue;
        const range = point.length > 2 && point[2] !== point[3] ? ` (${shown(point[2], panel)} to ${shown(point[3], panel)})` : '';
        rows.push(`${line.name}: ${shown(point[1], panel)}${range}`);
      }
      for (const band of panel.bands) if (time >= band.from && time <= band.to) { rows.push(band.name); break; }
      tell(rows.join('\n'), event.clientX, event.clientY);
    }
  }

  document.querySelectorAll('figure.chart').forEach(figure => new Chart(figure));

  // Cells of heat maps.
  document.addEventListener('pointerover', event => {
    const cell = event.target.closest && event.target.closest('[data-tip]');
    if (cell) tell(cell.dataset.tip, event.clientX, event.clientY);
  });
  document.addEventListener('pointerout', event => { if (event.target.closest && event.target.closest('[data-tip]')) hush(); });
  addEventListener('scroll', hush, { passive: true });

  // Tables sort by the column whose head is chosen.
  document.querySelectorAll('table.cells').forEach(table => {
    table.querySelectorAll('th').forEach((head, column) => {
      head.classList.add('sorts');
      head.tabIndex = 0;
      const sort = () => {
        const up = head.getAttribute('aria-sort') !== 'ascending', body = table.tBodies[0];
        table.querySelectorAll('th').forEach(other => other.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
        const key = row => row.cells[column].dataset.value ?? row.cells[column].textContent;
        const order = (a, b) => isNaN(key(a)) || isNaN(key(b)) ? key(a).localeCompare(key(b)) : key(a) - key(b);
        [...body.rows].sort((a, b) => up ? order(a, b) : order(b, a)).forEach(row => body.appendChild(row));
      };
      head.addEventListener('click', sort);
      head.addEventListener('keydown', event => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); sort(); } });
    });
  });

  // Paper shows what is folded on the screen.
  addEventListener('beforeprint', () => document.querySelectorAll('details').forEach(fold => { fold.open = true; }));
})();
