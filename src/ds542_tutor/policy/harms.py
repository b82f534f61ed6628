"""Requests that are refused whatever they are about: their patterns, one rule each.

A question about a rule ("do I have to cite you?") is no request to break it; `asks_about_rules`
tells the two apart. Patterns read text as `disguise.plain` gives it.
"""

from __future__ import annotations

import re

_RULES_QUESTION = re.compile(
    r"\b(?:do|must|should|may|can|could|would|am|are|is|does|did|what|when|how|why|which|where)\b"
    r"(?: (?:i|we|students?|you allowed|it|one|there|that|this|the|a|they|happens?|counts?))"
    r"(?: \w+){0,4}? (?:have to|need to|must|should|allowed|ok|okay|fine|permitted|required"
    r"|mandatory|optional|legal|cheating|plagiarism|policy|count|happen|happens|cite|credit"
    r"|disclose|mention|acknowledge|use|forget|forgot|leave|skip|put)\b"
    r"|\bwhat (?:happens|counts|if|do i|should i|is considered|exactly)\b|\bpolicy (?:on|about|say)\b"
    r"|\bam i allowed\b|\b(?:is|are) (?:it|we) (?:ok|okay|allowed|mandatory|fine)\b"
)
_AI = (
    r"(?:\bai\b|a\.i\.|chat ?gpt|\bgpt|\bllms?\b|\byou\b|\btutor\b|\bbot\b|claude|gemini|copilot"
    r"|generat\w+)"
)
_TRACE = (
    r"(?:disclosures?|attributions?|citations?|credits?|gaia(?: \w+)?|header(?: comments?)?"
    r"|acknowledge?ments?|appendix|prompt comments?|comment header|watermark"
    r"|(?:ai|gpt|chatgpt|tutor|tool|prompt|generated)[- ](?:\w+ )?(?:comments?|mentions?|notes?"
    r"|tags?|lines?|labels?|stuff|notice|header|usage|use))"
)
_DROP = (
    r"(?:remov\w*|drop\w*|leav\w+ (?:out|off)|omit\w*|skip\w*|strip\w*|delet\w*|hid(?:e|ing)"
    r"|get rid of|tak\w+ (?:out|off)|forget|cut|lose|exclude|suppress|without|no|don'?t (?:add|put"
    r"|include|give|show|mention|attach)|do not (?:add|put|include|give|show|mention|attach)"
    r"|never mention|minus|sin|ohne|sans|clean(?:ed)? of|erase|scrub\w*)"
)
_ATTRIBUTION = re.compile(
    rf"\b{_DROP}\b(?: \S+){{0,5}}? {_TRACE}"
    rf"|\b{_DROP}\b(?: \S+){{0,4}}? (?:that|saying) (?:i|we) (?:used|got|had)(?: \S+){{0,3}} {_AI}"
    r"|\b(?:look|looks|sound|sounds|seem|read|reads|appear) (?:\w+ )?(?:like|as if|as though)"
    r"(?: \S+){0,3} (?:student|human|person|undergrad|i|me|we)\b(?: \S+){0,3}"
    r"|\b(?:so|that) (?:\S+ ){0,6}(?:can'?t|cannot|won'?t|doesn'?t|don'?t|never|not)"
    r"(?: \S+){0,2} (?:tell|notice|detect|know|suspect|find out|see|catch|flag)\b"
    r"|\bundetect\w+|\b(?:bypass|beat|fool|trick|evade|avoid|get past|dodge|pass)\w*(?: \S+){0,3} "
    r"(?:detectors?|detection|turnitin|gptzero|moss|plagiarism check\w*)"
    r"|\bhumani[sz]e\b|\bmake (?:it|this|that|the \w+) (?:\w+ )?(?:look|sound|seem|more)"
    r" (?:\w+ )?(?:human|natural|student|handwritten)"
    r"|\bpass (?:it|this|that|them) off as\b|\b(?:as|like) (?:my|our) own(?: work)?\b"
    r"|\bas if i (?:wrote|did|made|had)\b|\b(?:say|claim|state|write|pretend|put)\b(?: \S+){0,4} "
    r"(?:i|we) (?:wrote|did|made|coded|came up with)(?: \S+){0,3} (?:myself|ourselves|alone|own)"
    rf"|\b(?:fake|falsify|forge|make up|invent|backdate|fabricate|change|edit|alter|misstate|lie)"
    rf"\b(?: \S+){{0,4}}? (?:{_TRACE}|ai (?:use|usage)|prompts?|exchange|chat log|conversation log"
    r"|chat history)"
    r"|\b(?:say|write|put|tick|check|mark|claim)\b(?: \S+){0,6} modified "
    r"(?:significantly|moderately|heavily)\b(?: \S+){0,8} (?:as is|didn'?t|not|unchanged|verbatim)"
    r"|\b(?:didn'?t|not|never)(?: \S+){0,8} (?:say|write|put|tick|mark|claim)(?: \S+){0,6} "
    r"modified (?:significantly|moderately|heavily)"
)
_SURE_EVASION = re.compile(r"\b(?:can you|could you|will you|would you|please|for me)\b")

_EXAM = r"(?:mid ?terms?|finals?(?: exam)?|exams?|examination|quiz(?:zes)?|tests?|in-?class \w+)"
_EXAM_NOW = re.compile(
    rf"\b(?:in|during|taking|sitting|doing|writing|on|have|having|mid|inside)\b(?: (?:the|my|a|an|our"
    rf"|this|ds ?542|middle of|of|today'?s|class))* (?:\w+ )?{_EXAM}\b(?: \S+){{0,6}}? (?:right now"
    r"|now|rn|currently|at the moment|minutes?|mins?|question|q\d|quick|hurry|asap|phone|under)\b"
    rf"|\b(?:right now|currently|rn|i'?m|im|i am|we are|we'?re)\b(?: \S+){{0,4}}? (?:in|taking|sitting"
    rf"|doing|writing|during)(?: (?:the|my|a|an|our|this|ds ?542|middle of|of))* (?:\w+ )?{_EXAM}\b"
    rf"|\b{_EXAM}\b(?: \S+){{0,6}}? (?:minutes?|mins?) (?:left|remaining|to go)"
    rf"|(?:minutes?|mins?) (?:left|remaining)(?: \S+){{0,5}} {_EXAM}\b"
    rf"|\b(?:answer|solve|do|help)\b(?: \S+){{0,6}} (?:on|from|in|during) (?:the|my|this|our|today'?s)"
    rf"(?: \w+)? {_EXAM}\b(?: \S+){{0,3}} (?:before|quick|now|fast|while)"
    r"|\bproctor\w*|\bthe (?:quiz|exam|midterm|final|test) (?:has |just )?(?:started|begun|is open)\b"
    r"|\b(?:quiz|exam|midterm|test) (?:question|problem)\b(?: \S+){0,8} (?:right now|now|due in)\b"
)
_NOT_EXAM = re.compile(
    r"\b(?:test|training|validation) (?:set|data|error|loss|accuracy|split)s?\b|\bpractice \w+\b"
    r"|\bpast (?:exam|midterm|quiz)\w*"
)

_STAFF = (
    r"(?:prof(?:essor)?\.?(?: \w+)?|dr\.? \w+|instructor|(?:the |a )?tas?|teaching assistant"
    r"|course assistant|grader|dean|thomas gardos|tom gardos|gardos|staff)"
)
_IMPERSONATE = re.compile(
    rf"\b(?:write|draft|compose|send|post|sign|forge|reply|announce|fake)\b(?: \S+){{0,8}}? "
    rf"(?:as if (?:you are|you're|from|by)|pretending to be|in the name of|on behalf of|as|from"
    rf"|signed by|sign(?:ed)? (?:it )?as|posing as|impersonating) (?:the |a |our |my )?{_STAFF}\b"
    rf"|\bimpersonate\b(?: \S+){{0,3}} {_STAFF}|\bforge\b(?: \S+){{0,5}} (?:email|note|letter|signature)"
    r"|\b(?:fake|forge|invent|make up)\b(?: \S+){0,3} (?:doctor'?s? note|medical (?:note|certificate)"
    r"|sick note|extension (?:email|approval|letter))"
)
_STAFF_ONLY = re.compile(
    r"\b(?:change|raise|bump|fix|update|edit|set|increase|adjust)\b(?: \S+){0,2} (?:my|his|her|their"
    r"|\w+'s) (?:\w+ )?(?:grades?|scores?|marks?|points)\b"
    r"|\b(?:grant|approve)\b(?: \S+){0,3} (?:extension|regrade)"
    r"|\bmark me (?:as )?(?:present|submitted|on time)"
    r"|\b(?:disable|turn off|switch off|lift|unlock|deactivate|remove|suspend|override|bypass)\b"
    r"(?: \S+){0,3} (?:policy|restrictions?|hint mode|guardrails?|filters?|rules|safety|limits?)\b"
    r"|\b(?:enable|enter|switch to|activate|go into|unlock)\b(?: \S+){0,2} (?:staff|admin|instructor"
    r"|grader|ta|root|debug|developer|god) (?:mode|access|page|panel)"
    r"|\b(?:delete|rebuild|re-?ingest|wipe|drop|roll ?back)\b(?: \S+){0,2} (?:index|database|corpus"
    r"|materials|logs?)\b"
    r"|\b(?:answer keys?|solution manual|instructor solutions?|grading rubrics?|staff solutions?"
    r"|solution key|hidden tests?|autograder tests?)\b(?=(?: \S+){0,12})"
)
_STAFF_ONLY_ASK = re.compile(
    r"\b(?:give|send|show|share|post|get|have|access|need|print|dump|leak)\b"
)

_PRIVATE = re.compile(
    r"\b(?:your|hidden|initial|secret|original|the tutor'?s|above|developer|entire|exact|full)"
    r" (?:\w+ )?(?:system )?(?:prompts?|instructions?|preamble|guidelines|configuration|config"
    r"|settings)\b(?! (?:on|for) (?:the )?(?:hw|homework|project|assignment))"
    r"|\bsystem (?:prompt|message)\b(?=.*\b(?:you|your|above|verbatim|here)\b)"
    r"|\brepeat (?:everything|all|the (?:text|words)) (?:above|before)\b"
    r"|\b(?:everything|text|words) (?:above|before) (?:this|the first)\b"
    r"|\bwhat (?:were|was|are) you (?:told|instructed|prompted|programmed)\b"
    r"|\b(?:api|secret|access|private|encryption) keys?\b(?! (?:in|of|for) (?:attention|the))"
    r"|\bds542_api_key\b|\benvironment variables?\b(?=.*\b(?:your|print|show|server)\b)"
    r"|/etc/(?:passwd|shadow)|\bos\.environ\b(?=.*\byour\b)"
    r"|\b(?:passwords?|credentials?|tokens?)\b(?= (?:of|for|to) (?:the )?(?:\w+ )?(?:server|staff"
    r"|admin|prof\w*|gardos|ta|database|gradescope|instructor))"
    r"|\b(?:other|another|someone else'?s?|somebody else'?s?|my (?:friend|classmate|roommate|partner|"
    r"teammate)'?s?|everyone(?: else)?'?s?|class|all|each)(?: (?:students?|people|person|users?"
    r"|classmates?)'?s?'?)?(?: \w+){0,2} (?:grades?|scores?|submissions?|chats?|conversations?"
    r"|solutions?|answers|homework|code|emails?|questions|history|ids?)\b"
    r"|\bwhat (?:did|have|has|are|were) (?:other|the other|another|all the) (?:students?|people|users?)"
    r"(?: \w+){0,2} (?:ask|asked|asking|get|got|submit|submitted|write|written|say|said)\b"
    r"|\b(?:grades?|scores?|submissions?|chat history|chats) (?:of|for|from) (?!the (?:model|network)"
    r"|(?:my|this|the) (?:model|project|homework))(?:other|another|all|every|student|my (?:friend"
    r"|classmate|partner|roommate)|[a-z]+ (?:who|in my))\b"
    r"|\bhome address\b|\bphone number of\b|\bpersonal (?:phone|address|cell)\b"
)
_PRIVATE_ASK = re.compile(
    r"\b(?:give|send|show|share|print|reveal|tell|what(?:'s| is| are| were| did| have)?|list|repeat"
    r"|dump|output|display|leak|expose|get|see|look up|read|find|quote|paste|write|who|how did"
    r"|can i|translate|summari[sz]e|cat|echo)\b"
)
_OWN_PRIVATE = re.compile(r"\b(?:attention|transformer|query|queries|embedding|self-attention)\b")

_INJECTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass|skip|drop)\b(?: (?:all|any|every|of|the|your|my"
    r"|these|those|previous|prior|above|earlier|preceding|former|other|system|safety|course))*"
    r" (?:instructions?|rules|prompts?|polic(?:y|ies)|guidelines|directions|directives|restrictions"
    r"|constraints|guardrails|programming|everything)\b(?! (?:of|for) (?:the )?chain)"
    r"|\byou are (?:now|no longer)\b(?: \S+){0,4}|\bact as (?:an? )?(?:unrestricted|uncensored|dan\b)"
    r"|\b(?:dan|developer|god|jailbreak|unrestricted|sudo|admin) mode\b|\bjailbr(?:eak|oken)\b"
    r"|\bdo anything now\b|\bno longer bound\b|\bnew (?:system )?(?:instructions?|prompt|policy)\s*:"
    r"|(?:^|\n)\s*(?:\[?/?(?:system|assistant|inst)\]?\s*[:>\]]|<\|?(?:system|im_start)[^>]*>)"
    r"|<\|im_(?:start|end)\|>|\bnote to (?:the )?(?:course |ai |teaching )?(?:assistant|tutor|model)\b"
    r"|\b(?:restriction|policy|rule|limit|filter)s? (?:is|are|has been|have been|was|were) "
    r"(?:lifted|disabled|removed|off|waived|suspended)\b|\brespond only with\b|\bsay (?:exactly )?"
    r"[\"']?(?:pwned|hacked|i have been)\b|\bprint [\"']?pwned\b|\bfrom now on,? (?:you|ignore|answer)"
)


def asks_about_rules(text: str) -> bool:
    """Say whether `text` asks what the rules are, rather than for something against them."""
    return bool(_RULES_QUESTION.search(text))


def evades_attribution(text: str) -> bool:
    """Say whether `text` wants AI use hidden or misstated."""
    if not _ATTRIBUTION.search(text):
        return False
    return not asks_about_rules(text) or bool(_SURE_EVASION.search(text))


def during_exam(text: str) -> bool:
    """Say whether the student is in an exam, quiz or in-class assignment."""
    return bool(_EXAM_NOW.search(_NOT_EXAM.sub(" ", text)))


def impersonates(text: str) -> bool:
    """Say whether `text` wants something written in the name of staff or forged."""
    return bool(_IMPERSONATE.search(text))


def staff_only(text: str) -> bool:
    """Say whether `text` asks for what staff alone may do or see."""
    match = _STAFF_ONLY.search(text)
    if match is None:
        return False
    noun = re.match(
        r"(?:answer|solution|instructor|grading|staff|hidden|autograder)", match.group()
    )
    return noun is None or bool(_STAFF_ONLY_ASK.search(text))


def asks_private(text: str) -> bool:
    """Say whether `text` asks for secrets, the tutor's instructions or other people's data."""
    return bool(
        _PRIVATE.search(text) and _PRIVATE_ASK.search(text) and not _OWN_PRIVATE.search(text)
    )


def injects(text: str) -> bool:
    """Say whether `text` tries to give the tutor other instructions."""
    return bool(_INJECTION.search(text))


def without_injection(text: str) -> str:
    """Return `text` without the sentences that try to give the tutor other instructions."""
    sentences = re.split(r"(?<=[.!?;:])\s+|\n+", text)
    return " ".join(s for s in sentences if not _INJECTION.search(s)).strip()
