// A board whose cards are dragged, or moved with Ctrl and the arrow keys. Each move is what the card's form sends; a refused one goes back.
const board = document.querySelector("[data-board]");
const voice = document.querySelector("[data-board-voice]");
if (board) {
  let held = null;
  let home = null; // where the card was: [list, the card after it]

  const lists = () => [...board.querySelectorAll(".board-cards")];
  const columnOf = (card) => card.closest("[data-column]");

  /** Sends where the card stands now; puts it back if the server says no. */
  const send = async (card, list, next) => {
    const body = new FormData(card.querySelector("form"));
    body.set("column", columnOf(card).dataset.column);
    body.set("before", card.nextElementSibling?.dataset.thread ?? "");
    body.delete("act");
    let said = "";
    try {
      const answer = await fetch(board.dataset.board, { method: "POST", body, headers: { Accept: "application/json" } });
      if (!answer.ok) said = (await answer.json()).error;
    } catch {
      said = document.documentElement.lang.startsWith("zh") ? "没有移成" : "Not moved";
    }
    if (said) {
      list.insertBefore(card, next);
      voice.classList.remove("visually-hidden");
      voice.textContent = said;
      return;
    }
    voice.textContent = `${card.dataset.thread} → ${columnOf(card).querySelector("h3").textContent}`;
    const select = card.querySelector("select[name=column]");
    if (select) select.value = columnOf(card).dataset.column;
    for (const lane of board.querySelectorAll("[data-column]")) count(lane);
  };

  const count = (lane) => {
    const shown = lane.querySelector(".count");
    const most = shown.textContent.split("/")[1];
    const total = lane.querySelectorAll(".board-card").length;
    if (Number.parseInt(shown.textContent, 10) <= 50) shown.textContent = most ? `${total}/${most}` : `${total}`;
  };

  board.addEventListener("dragstart", (event) => {
    held = event.target.closest(".board-card");
    if (!held) return;
    home = [held.parentElement, held.nextElementSibling];
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", held.dataset.thread);
    held.classList.add("held");
  });
  board.addEventListener("dragover", (event) => {
    const list = event.target.closest("[data-column]")?.querySelector(".board-cards");
    if (!held || !list) return;
    event.preventDefault();
    const after = [...list.children].find((card) => card !== held && event.clientY < card.getBoundingClientRect().top + card.offsetHeight / 2);
    list.insertBefore(held, after ?? null);
  });
  board.addEventListener("drop", (event) => {
    if (!held) return;
    event.preventDefault();
    const [card, [list, next]] = [held, home];
    card.classList.remove("held");
    held = null;
    send(card, list, next);
  });
  board.addEventListener("dragend", () => {
    if (!held) return;
    held.classList.remove("held");
    home[0].insertBefore(held, home[1]);
    held = null;
  });

  for (const card of board.querySelectorAll(".board-card[draggable]")) card.tabIndex = 0;
  board.addEventListener("keydown", (event) => {
    const card = event.target.closest?.(".board-card[draggable]");
    if (!card || event.target !== card || !event.ctrlKey || !event.key.startsWith("Arrow")) return;
    const [list, next] = [card.parentElement, card.nextElementSibling];
    const at = lists().indexOf(list);
    if (event.key === "ArrowUp" && card.previousElementSibling) list.insertBefore(card, card.previousElementSibling);
    else if (event.key === "ArrowDown" && next) list.insertBefore(card, next.nextElementSibling);
    else if (event.key === "ArrowLeft" && at > 0) lists()[at - 1].append(card);
    else if (event.key === "ArrowRight" && at < lists().length - 1) lists()[at + 1].append(card);
    else return;
    event.preventDefault();
    card.focus();
    send(card, list, next);
  });
}
