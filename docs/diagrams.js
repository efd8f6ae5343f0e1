// Draws the diagrams of the book where somebody has put Mermaid's mermaid.min.js beside its index. Without it, or if a
// diagram cannot be drawn, its text stays.
(() => {
  const blocks = [...document.querySelectorAll("code.language-mermaid")];
  if (blocks.length === 0) return;
  const library = document.createElement("script");
  library.src = `${path_to_root}mermaid.min.js`;
  library.onload = async () => {
    const dark = ["navy", "coal", "ayu"].some((theme) => document.documentElement.classList.contains(theme));
    mermaid.initialize({ startOnLoad: false, theme: dark ? "dark" : "neutral" });
    for (const [number, block] of blocks.entries()) {
      const { svg } = await mermaid.render(`diagram-${number}`, block.textContent);
      const drawn = document.createElement("div");
      drawn.innerHTML = svg;
      block.closest("pre").replaceWith(drawn);
    }
  };
  document.head.append(library);
})();
