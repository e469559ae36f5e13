/**
 * Does some pieces of work at a time and hands out what came of them in the order of the pieces. What one throws comes in
 * its turn; those that had begun by then run on unheard. @param most that are under way at once, the one waited for included
 */
export const abreast = async function* <Piece, Result>(
  pieces: readonly Piece[],
  most: number,
  work: (piece: Piece) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  for (const piece of pieces) {
    const one = work(piece);
    // It may fail before its turn: that is heard when its turn comes.
    one.catch(() => {});
    underWay.push(one);
    if (underWay.length >= most) yield* underWay.splice(0, 1);
  }
  yield* underWay;
};
