/** What the server looked at: each photo with its faces, as the server turned it. */

const SIDE = 360; // pixels of the drawing
const COLOURS = { compared: "#2da44e", covered: "#cf222e", other: "#9aa4ae" };

/** Draws what was seen in a file on a canvas; the picture stays in this page. */
export async function drawSeen(canvas, file, seen) {
  const orientation = seen.exif ? "from-image" : "none"; // the server follows EXIF only to turn photos
  const picture = await createImageBitmap(file, { imageOrientation: orientation });
  const onSide = seen.turned % 180 !== 0;
  const [width, height] = onSide ? [picture.height, picture.width] : [picture.width, picture.height];
  const scale = SIDE / Math.max(width, height);
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  const pen = canvas.getContext("2d");
  pen.save();
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.rotate(-seen.turned * Math.PI / 180);
  pen.scale(scale, scale);
  pen.drawImage(picture, -picture.width / 2, -picture.height / 2);
  pen.restore();
  picture.close();
  for (const face of seen.other_faces) frame(pen, canvas, face, COLOURS.other);
  frame(pen, canvas, seen.face, seen.covered.length ? COLOURS.covered : COLOURS.compared);
  for (const [x, y] of seen.landmarks) dot(pen, x * canvas.width, y * canvas.height);
}

function frame(pen, { width, height }, [left, top, right, bottom], colour) {
  [pen.lineWidth, pen.strokeStyle] = [3, colour];
  pen.strokeRect(left * width, top * height, (right - left) * width, (bottom - top) * height);
}

function dot(pen, x, y) {
  pen.beginPath();
  pen.arc(x, y, 3, 0, 2 * Math.PI);
  [pen.fillStyle, pen.strokeStyle, pen.lineWidth] = ["#fff", "#000", 1];
  pen.fill();
  pen.stroke();
}

/** What was seen, in sentences; those that begin with "!" are warnings. */
export function sentences(seen) {
  const others = seen.other_faces.length;
  const told = [
    others
      ? `!${others + 1} faces: only the largest is compared. Use a photo of one person.`
      : "One face.",
    `The face is ${seen.width} pixels wide${seen.turned ? `, the photo turned by ${seen.turned}°` : ""}.`,
  ];
  if (seen.covered.length) told.push(`!Covered: ${seen.covered.join(", ")}.`);
  const poor = seen.poor.filter((cause) => cause !== "covered" || !seen.covered.length);
  if (poor.length) {
    const causes = poor.join(", ").replace(/^./, (letter) => letter.toUpperCase());
    told.push(`!${causes}: two photos as poor as this one score lower, as they would match too often otherwise.`);
  }
  if (!seen.landmarks.length) told.push("Eyes, nose and mouth were not located.");
  return told;
}
