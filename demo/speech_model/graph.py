"""The decoding graph HCLG: language model, lexicon and phone durations in one finite-state transducer.

pywrapfst and vosk must not be loaded into one process: both bring OpenFst, and the process hangs.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import count
from typing import NamedTuple

import numpy as np
import pywrapfst
from numpy.typing import NDArray

from language_model import SENTENCE_END, SENTENCE_START, Bigram
from phones import SILENCE_ID, PhoneTable, forward_id, self_loop_id

SILENCE_BETWEEN_WORDS = 0.3
"""The probability of silence after a word."""

EPSILON = 0

Lexicon = Mapping[str, Sequence[str]]
"""Word -> its phones."""


class Arc(NamedTuple):
    """One arc; the cost is -log of its probability."""

    source: int
    label_in: int
    label_out: int
    cost: float
    target: int


class Symbols:
    """The numbers that stand for words, and those that keep the graph deterministic while it is being built."""

    def __init__(self, words: Sequence[str], lexicon: Lexicon, table: PhoneTable) -> None:
        """Words are numbered from 1 in the order given; the marks follow the phone ids."""
        self.word_ids = {word: number for number, word in enumerate(words, start=1)}
        self.backoff_word = len(words) + 1
        self.backoff_mark = len(table) + 1
        self.silence_mark = len(table) + 2
        self.homophone_marks: dict[str, int] = {}
        sounding_alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for word in words:
            sounding_alike[tuple(lexicon[word])].append(word)
        for alike in sounding_alike.values():
            if len(alike) > 1:
                self.homophone_marks |= {word: self.silence_mark + k for k, word in enumerate(alike, start=1)}


def decoding_graph(
    table: PhoneTable, stay_probabilities: NDArray[np.float32], lexicon: Lexicon, bigram: Bigram
) -> pywrapfst.VectorFst:
    """HCLG: transition ids in, words out. Words are numbered from 1 in sorted order."""
    words = sorted(lexicon)
    symbols = Symbols(words, lexicon, table)
    lexicon_fst = _lexicon(table, words, lexicon, symbols).arcsort("olabel")
    grammar_fst = _grammar(bigram, words, symbols).arcsort("ilabel")
    composed = pywrapfst.compose(lexicon_fst, grammar_fst)
    composed.rmepsilon()
    graph = pywrapfst.determinize(composed)
    mapper = pywrapfst.EncodeMapper("standard", encode_labels=True)
    graph.encode(mapper)
    graph.minimize()
    graph.decode(mapper)
    return _with_durations(graph, table, stay_probabilities)


def _grammar(bigram: Bigram, words: Sequence[str], symbols: Symbols) -> pywrapfst.VectorFst:
    """G: state 0 has forgotten its history, every other state is one word of history."""
    states = {word: number for number, word in enumerate([SENTENCE_START, *words], start=1)}
    ids = symbols.word_ids
    arcs = [Arc(0, ids[word], ids[word], _cost(bigram.unigram[word]), states[word]) for word in words]
    finals = {0: _cost(bigram.unigram[SENTENCE_END])}
    for history, state in states.items():
        for word, probability in bigram.seen.get(history, {}).items():
            if word == SENTENCE_END:
                finals[state] = _cost(probability)
            else:
                arcs.append(Arc(state, ids[word], ids[word], _cost(probability), states[word]))
        arcs.append(Arc(state, symbols.backoff_word, EPSILON, _cost(bigram.backoff[history]), 0))
    return _transducer(states[SENTENCE_START], arcs, finals).connect()


def _lexicon(table: PhoneTable, words: Sequence[str], lexicon: Lexicon, symbols: Symbols) -> pywrapfst.VectorFst:
    """L: phones in, words out, with optional silence before the first word and after each."""
    start, between, before_silence = range(3)
    free = count(3)
    silence, no_silence = _cost(SILENCE_BETWEEN_WORDS), _cost(1 - SILENCE_BETWEEN_WORDS)
    arcs = [Arc(start, EPSILON, EPSILON, no_silence, between)]
    for source, cost in [(start, silence), (before_silence, 0.0)]:
        middle = next(free)
        arcs.append(Arc(source, SILENCE_ID, EPSILON, cost, middle))
        arcs.append(Arc(middle, symbols.silence_mark, EPSILON, 0.0, between))
    for word in words:
        *first, last = table.word_ids(lexicon[word])
        if word in symbols.homophone_marks:
            first, last = [*first, last], symbols.homophone_marks[word]
        state, word_out = between, symbols.word_ids[word]
        for phone_id in first:
            target = next(free)
            arcs.append(Arc(state, phone_id, word_out, 0.0, target))
            state, word_out = target, EPSILON
        arcs.append(Arc(state, last, word_out, no_silence, between))
        arcs.append(Arc(state, last, word_out, silence, before_silence))
    arcs.append(Arc(between, symbols.backoff_mark, symbols.backoff_word, 0.0, between))
    return _transducer(start, arcs, {between: 0.0})


def _with_durations(
    graph: pywrapfst.VectorFst, table: PhoneTable, stay_probabilities: NDArray[np.float32]
) -> pywrapfst.VectorFst:
    """Phones become transition ids: forward on entering a phone, then a self-loop (Kaldi's reordered topology).

    The self-loop sits on the arc's target if one phone alone leads there, otherwise on a state put in between.
    """
    phones_into: dict[int, set[int]] = defaultdict(set)
    finals, arcs = {}, []
    for state in graph.states():
        final_cost = float(str(graph.final(state)))
        if math.isfinite(final_cost):
            finals[state] = final_cost
        for edge in graph.arcs(state):
            phone_id = edge.ilabel if edge.ilabel <= len(table) else EPSILON  # marks have done their work
            arcs.append(Arc(state, phone_id, edge.olabel, float(str(edge.weight)), edge.nextstate))
            phones_into[edge.nextstate].add(phone_id)
    free = count(graph.num_states())
    loop_states: dict[tuple[int, int], int] = {}
    expanded = []
    for arc in arcs:
        if arc.label_in == EPSILON:
            expanded.append(arc)
            continue
        phone_id = arc.label_in
        stay = float(stay_probabilities[table.pdf(phone_id)])
        key = (arc.target, phone_id)
        if key not in loop_states:
            alone = len(phones_into[arc.target]) == 1 and arc.target != graph.start()
            loop_states[key] = loop = arc.target if alone else next(free)
            expanded.append(Arc(loop, self_loop_id(phone_id), EPSILON, _cost(stay), loop))
            if not alone:
                expanded.append(Arc(loop, EPSILON, EPSILON, 0.0, arc.target))
        cost = arc.cost + _cost(1 - stay)
        expanded.append(Arc(arc.source, forward_id(phone_id), arc.label_out, cost, loop_states[key]))
    return _transducer(graph.start(), expanded, finals).connect().arcsort("ilabel")


def _transducer(start: int, arcs: Sequence[Arc], finals: Mapping[int, float]) -> pywrapfst.VectorFst:
    fst = pywrapfst.VectorFst()
    fst.add_states(1 + max(max(arc.source, arc.target) for arc in arcs))
    fst.set_start(start)
    for arc in arcs:
        weight = pywrapfst.Weight("tropical", arc.cost)
        fst.add_arc(arc.source, pywrapfst.Arc(arc.label_in, arc.label_out, weight, arc.target))
    for state, cost in finals.items():
        fst.set_final(state, pywrapfst.Weight("tropical", cost))
    return fst


def _cost(probability: float) -> float:
    return -math.log(probability)
