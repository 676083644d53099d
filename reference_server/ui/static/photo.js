/** One of the two photos: picked, dropped or taken with the camera, and shown small. */

export class PhotoCard {
  /** `onFiles` is handed what is picked here; the chosen file is kept in the card's input. */
  constructor(element, onFiles) {
    const find = (selector) => element.querySelector(selector);
    [this.element, this.name] = [element, element.dataset.name];
    [this.input, this.image, this.about] = [find("input"), find("img"), find(".about")];
    [this.camera, this.remove] = [find(".camera"), find(".remove")];
    this.input.addEventListener("change", () => {
      if (this.file) onFiles([...this.input.files], this);
      else this.show(null); // some browsers drop the file when choosing another is cancelled
    });
    this.remove.addEventListener("click", () => {
      this.show(null);
      this.input.focus();
    });
    this.image.addEventListener("error", () => element.classList.add("no-preview"));
  }

  get file() {
    return this.input.files[0] ?? null;
  }

  /** Takes a file, or none. */
  show(file) {
    const holder = new DataTransfer();
    if (file) holder.items.add(file);
    this.input.files = holder.files;
    this.blame(false);
    this.element.classList.toggle("filled", Boolean(file));
    this.element.classList.remove("no-preview");
    this.image.hidden = this.remove.hidden = !file;
    this.about.textContent = file ? `${file.name}, ${size(file.size)}` : "";
    show(this.image, file);
    this.input.dispatchEvent(new Event("input", { bubbles: true })); // dropped files tell nobody
  }

  /** Marks the photo as the one that was refused. */
  blame(refused) {
    this.element.classList.toggle("refused", refused);
    this.input.setAttribute("aria-invalid", refused);
  }
}

/** Lets an image show a file, or nothing, and forgets what it showed before. */
function show(image, file) {
  if (image.src) URL.revokeObjectURL(image.src);
  if (file) image.src = URL.createObjectURL(file);
  else image.removeAttribute("src");
}

function size(bytes) {
  return bytes < 1024 * 1024
    ? `${Math.ceil(bytes / 1024)} KiB`
    : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** Lets files be dropped anywhere; `cardAt` tells which photo is meant. */
export function acceptDrops(cards, onFiles) {
  const cardAt = (event) => cards.find((card) => card.element.contains(event.target));
  const mark = (event) => {
    event.preventDefault();
    for (const card of cards) card.element.classList.toggle("over", card === cardAt(event));
  };
  const unmark = () => cards.forEach((card) => card.element.classList.remove("over"));
  document.addEventListener("dragover", mark);
  document.addEventListener("dragleave", unmark);
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    unmark();
    onFiles([...event.dataTransfer.files], cardAt(event));
  });
}

/** A photo from the camera, or null when the dialog is closed without one. */
export async function takePhoto(dialog) {
  const wanted = { video: { facingMode: "user", width: { ideal: 1280 } }, audio: false };
  const stream = await navigator.mediaDevices.getUserMedia(wanted);
  const video = dialog.querySelector("video");
  try {
    video.srcObject = stream;
    await video.play();
    return await new Promise((resolve) => {
      dialog.querySelector(".take").onclick = async () => {
        resolve(await still(video));
        dialog.close();
      };
      dialog.onclose = () => resolve(null);
      dialog.querySelector(".cancel").onclick = () => dialog.close();
      dialog.showModal();
    });
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}

async function still(video) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
  return new File([blob], "camera.jpg", { type: blob.type });
}
