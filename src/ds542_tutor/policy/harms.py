"""Requests that are refused whatever they are about: ways of asking, one rule each.

A question about a rule ("do I have to cite you?") is no request to break it. The phrases are in the
notation of `phrases`.
"""

from __future__ import annotations

import re

from ds542_tutor.policy.phrases import Match, compile_phrases

_GROUPS = {
    "drop": "remov* drop* leave_out leaving_out leave_off omit* skip* strip* delet* hide hiding "
    "get_rid_of take_out take_off forget cut lose exclude suppress without erase scrub* minus "
    "don't_add don't_put don't_include don't_show don't_mention don't_write don't_attach don't_use "
    "dont_add dont_put dont_include dont_show dont_mention dont_write dont_attach do_not_add "
    "do_not_put do_not_include do_not_mention do_not_write never_mention no ohne sans sin",
    "ai": "ai a.i chatgpt chat_gpt gpt llm llms you tutor bot claude gemini copilot",
    "trace": "disclosure disclosures attribution attributions citation citations credit credits "
    "gaia header_comment comment_header acknowledgement acknowledgment appendix watermark "
    "ai_comment ai_comments ai_header ai_mention ai_mentions ai_note ai_notes ai_tag ai_notice "
    "ai_label ai_stuff ai_usage ai_disclosure ai_header_comment gpt_comments chatgpt_comments "
    "prompt_comment prompt_comments prompt_header tool_comment tutor_header generated_by "
    "ai_use ai_attribution ai_line ai_lines ai_policy_comment ai_generated_comment",
    "reword": "reword* rewrite* rephrase* paraphras* humaniz* humanis* chang* edit* renam* "
    "reorder* modify disguis* swap* shuffl* rework* alter* make write",
    "checker": "gptzero gpt_zero zerogpt turnitin moss similarity_checker similarity_check "
    "plagiarism_checker plagiarism_check plagiarism_software ai_detector ai_detection detector "
    "checker gradescope autograder software",
    "compose": "draft* write* writing compose* word phrase reply answer statement email mail "
    "letter explain convince",
    "not_to": "not_going_to not_gonna won't wont will_not don't_want_to dont_want_to don't_plan_to "
    "no_plans_to refuse_to never_going_to not_planning_to rather_not",
    "own_up": "mention* list* cite* citing credit* disclos* declar* admit* acknowledg* say* tell*",
    "detector": "turnitin gptzero zerogpt detector detectors ai_detector ai_detectors moss",
    "exam": "midterm mid_term midterms final finals final_exam exam exams examination quiz quizzes "
    "in_class_test in_class_exam in_class_quiz in_class_assignment in_class_exercise test",
    "staff": "prof professor prof._gardos professor_gardos prof_gardos dr._gardos gardos "
    "instructor "
    "ta tas teaching_assistant course_assistant grader dean thomas_gardos tom_gardos staff "
    "course_staff lecturer",
    "others": "other_student other_students other_students' other_people other_people's "
    "another_student "
    "another_student's someone_else someone_else's somebody_else's other_users other_user "
    "another_user everyone everyone's everyone_else everyone_else's classmate classmates "
    "classmate's classmates' my_friend's my_roommate's my_partner's my_teammate's all_students "
    "all_the_students every_student each_student the_class the_students students' other_chats",
}

_ASKS_ABOUT_RULES = compile_phrases(
    "do|must|should|may|can|could|am|are|is|does|did i|we|students|it|one|there ..4 "
    "have_to|need_to|need|allowed|ok|okay|fine|permitted|required|mandatory|optional|cheating"
    "|plagiarism|count|cite|credit|disclose|mention|acknowledge|forget|leave|leave_out|skip|drop"
    "|remove|omit|put",
    "what|which (exactly) (do|should|must|would) happens|counts|if|i|we|is_considered|exactly",
    "where|when|why do|should|must|does|is|would i|we|it|one|the|a|there|that",
    "policy on|about|say|says",
    "am i allowed",
    "can|may|could|are i|we|one|students|people|somebody ..2 use|using ..3 ai|ia|ki|chatgpt|gpt"
    "|llms|calculator|calculators|notes|laptop|laptops|books",
    "can|may i|we ..2 ai|ia|ki|chatgpt",
    "is|are it|that|this ok|okay|allowed|mandatory|fine|cheating|plagiarism",
)
_ADDRESSED = compile_phrases(
    "can|could|will|would you", "please", "for me", "pls|plz", "i want|need"
)

_ATTRIBUTION = compile_phrases(
    "{drop} ..5 {trace}",
    "{drop} ..4 comment|line|comments|header|headers|lines|notes|mentions|mention about|of|that"
    "|saying|mentioning|with "
    "..3 {ai}",
    "{drop} ..4 that|saying i|we used|got|had ..3 {ai}",
    "look|looks|sound|sounds|seem|read|reads|appear (more) like|as_if|as_though|human|student"
    "|natural"
    " ..4 student|human|person|undergrad|wrote|written|i|me|my",
    "make ..3 look|sound|seem|more human|natural|handwritten|student-like|authentic|original",
    "so|that ..2 {staff}|they|nobody|anyone|teacher|people|students|he|she ..1 can't|cant|cannot"
    "|won't"
    "|wont|doesn't|doesnt|don't|dont|never ..2 tell|notice|detect|suspect|find_out|catch|flag|know",
    "undetect*",
    "cover_story|alibi",
    "as_is|unchanged|verbatim ..9 say*|write|put|tick|mark|claim* ..6 "
    "significantly|moderately|heavily|somewhat modified|changed|edited",
    "bypass*|beat*|fool*|trick*|evade*|avoid*|get_past|dodge|defeat ..4 "
    "detector|detectors|ai_detection|detection_tools|turnitin|gptzero|moss|plagiarism_check"
    "|plagiarism_checker",
    "humanize|humanise|humanized",
    "pass ..4 off as",
    "submit|present|hand_in|turn_in|sell|claim ..4 as my|our own",
    "as_if|as_though i|we (had) wrote|did|made|written|done",
    "so|that nobody|no_one|noone ..4 know|knows|tell|notice|notices|suspects|suspect|find_out"
    "|finds_out",
    "{detector} ..2 says|say|thinks|shows|scores|gives|reports ..2 human|original|0|zero|nothing",
    "less|not like ai|chatgpt|gpt|a_bot|an_ai|a_robot|generated",
    "don't_want|dont_want|do_not_want|refuse|rather_not|want_to_avoid|avoid|without to"
    "|(having_to) cite|citing"
    "|credit|crediting|disclose|disclosing|acknowledge|acknowledging|attribute ..2 {ai}|it",
    "seems|seem|looks|look|appears|appear|sounds (like|as_if) i|we|it wrote|did|made|came_up"
    "|was_me",
    "say|claim|state|write|pretend|put|declare|swear ..5 i|we wrote|did|made|coded|came_up ..4 "
    "myself|ourselves|alone|own|without_help",
    "{reword} ..14 {checker} ..3 can't|cannot|doesn't|doesnt|don't|dont|won't|wont|not|never ..2 "
    "catch*|flag*|detect*|match*|notice*|see|find|know|recogni*",
    "{reword} ..14 {checker} ..3 gives|shows|says|scores|reports ..3 "
    "low|lower|zero|0|human|nothing",
    "i|i'm|im|we ..2 {not_to} ..2 {own_up} ..4 it|that|this|them|any|anything|{ai}",
    "{compose} ..12 i|we did_not|didn't|didnt|never ..2 use|used|touch*|ask* ..4 "
    "{ai}|it|tool|tools|any",
    "convince|persuade|argue|justify|excuse ..14 "
    "doesn't_count|does_not_count|don't_count|do_not_count|isn't_ai|is_not_ai|leave_it_out|leave_that_out",
    "{compose} ..8 convincing*|believabl*|plausibl* ..10 "
    "did_not|didn't|didnt|never|deny|denies|only",
    "so_it|should|must|make_it|make_the_comment|make_the_appendix|that "
    "say|says|read|reads|claim|claims ..6 only|just|merely|nothing ..6 "
    "use|used|help*|idea*|grammar|brainstorm*|spell*|typos|concepts",
    "so_it|should|must say|says ..4 used ..4 for "
    "ideas|grammar|spelling|brainstorming|inspiration only",
    "fake|falsify|forge|make_up|invent|backdate|fabricate|misstate|lie|alter|doctor ..4 "
    "{trace}|ai_use|prompt|prompts|exchange|chat_log|conversation|chat_history|use_boxes",
    "change|edit ..3 the|my prompt|prompts|{trace} ..6 so|to_look|instead|different",
    "say|write|put|tick|check|mark|claim|declare ..6 modified ..2 significantly|moderately"
    "|heavily ..9 "
    "as_is|didn't|didnt|not|unchanged|verbatim|though|even",
    "didn't|didnt|not|never|as_is|verbatim|unchanged ..9 say|write|put|tick|mark|claim ..6 "
    "modified "
    "..2 significantly|moderately|heavily",
    groups=_GROUPS,
)

_EXAM = compile_phrases(
    "in|during|taking|sitting|mid|inside|writing (middle_of) (the|my|a|an|our|this|today's) "
    "(ds542|ds) "
    "{exam} ..6 right_now|now|rn|currently|at_the_moment|quick|quickly|hurry|asap|minutes|mins"
    "|question|q1|q2",
    "right_now|currently|rn|i'm|im|i_am|we_are|we're ..2 in|taking|sitting|doing|writing|during "
    "(the) (middle_of) (the|my|a|an|our|this|today's) (ds542|ds) {exam}",
    "{exam} ..6 minutes|mins left|remaining|to_go",
    "minutes|mins left|remaining ..6 {exam}",
    "exam|quiz|midterm|finals|in_class_exam|in_class_quiz|in_class_assignment rn|right_now"
    "|at_the_moment",
    "proctor*",
    "{exam} (has|just) started|begun ..5 ago|now|already|help|quick",
    "the|my|our (in_class) {exam} (has|is) (just|already|now) "
    "started|begun|starting|open|running|happening|going_on",
    "{exam} question|problem|answers ..6 right_now|now|due_in|before_time",
    "answer|solve|do|help ..6 {exam} ..4 right_now|now|before_time|time_runs|while_i|as_i_take",
    groups=_GROUPS,
)
_PRACTICE = (
    "practice|past|old|sample|mock exam|midterm|quiz|final|test|question|questions",
    "quiz|test|examine|drill me|us|myself|ourselves on|about|with",
    "study*|prepare|preparing|prep|review for",
)
_PRACTISES = compile_phrases(*_PRACTICE)
_NOT_EXAM = compile_phrases(
    "test|training|validation set|data|error|loss|accuracy|split|sets|time|example|examples",
    *_PRACTICE,
    "final layer|answer|result|output|project|model|x",
)

_IMPERSONATION = compile_phrases(
    "write|draft|compose|send|post|sign|reply|announce|speak ..9 "
    "as|from|as_if_from|as_if_by|signed_by|sign_it_as|posing_as|impersonating|on_behalf_of"
    "|in_the_name_of|pretending_to_be (the|our|my|a) {staff}",
    "impersonat* ..3 {staff}|student|classmate",
    "forge* ..5 email|note|letter|signature|announcement|grade",
    "fake|invent|make_up|forge (a|an|me|up) ..2 doctor's_note|doctors_note|medical_note|sick_note"
    "|medical_certificate|extension_email|extension_letter|death_certificate",
    "pretend|imagine you_are|you're|to_be (the|my|our|a) {staff} ..6 grant|give|approve|announce"
    "|extend|change|email|tell_me_the_answers|release",
    groups=_GROUPS,
)

_STAFF_ONLY = compile_phrases(
    "change|raise|bump|fix|update|set|increase|adjust|edit ..2 my|his|her|their|student's ..3 "
    "grade|grades|score|scores|mark|marks|points",
    "give|award me|us|everyone (a|an|full|extra) a|full|extra|bonus (credit) credit|points|grade"
    "|marks",
    "grant|approve|give ..3 an|my|the|a ..2 extension|regrade",
    "mark me (as) present|submitted|on_time|attended",
    "disable|turn_off|switch_off|lift|unlock|deactivate|suspend|override|bypass ..3 "
    "policy|restriction|restrictions|hint_mode|guardrails|filter|filters|rules|safety|limits",
    "enable|enter|switch_to|activate|go_into|unlock|turn_on ..2 staff|admin|instructor|grader|ta"
    "|root"
    "|debug|developer|god mode|access|page|panel|view",
    "access|open|enter|log_in|login ..4 staff|admin|instructor page|panel|dashboard|area|view",
    "delete|rebuild|re-ingest|reingest|wipe|roll_back ..3 index|database|corpus|materials|logs"
    "|chats",
    "give|send|show|share|post|get|access|need|print|dump|leak|release|open ..5 answer_key"
    "|answer_keys"
    "|solution_manual|solution_key|instructor_solutions|staff_solutions|instructor's_solutions"
    "|grading_rubric|rubric|hidden_tests|autograder_tests|instructor_notes|official_solutions",
    groups=_GROUPS,
)

_PRIVATE = compile_phrases(
    "what|what's|whats|show|give|print|reveal|tell|repeat|list|dump|output|display|leak|share"
    "|translate"
    "|summarize|quote|paste|write|expose|read|encode ..6 your|tutor's|bot's "
    "(exact|full|own|complete|hidden|original|initial|internal|secret|entire) "
    "system_prompt|prompt|prompts|instructions|system_message|preamble|configuration|config"
    "|settings"
    "|system_instructions|rules_verbatim|guidelines_verbatim|environment_variables|source_code",
    "show|give|print|reveal|tell_me|repeat|dump|output|display|leak|share|translate|summarize|quote"
    "|paste|encode ..3 the (entire|full|exact|whole|hidden|initial|original) system_prompt"
    "|system_message|developer_message|initial_prompt|hidden_prompt|instructions_above"
    "|prompt_above|text_above|conversation_above_this",
    "repeat|print|output|copy|translate ..2 everything|all|text|words|message ..2 above"
    "|before_this",
    "which|what students|student ..2 asked|asking|submitted|failed|got",
    "prompt|instructions|rules you were|are|have_been given|told|using",
    "what were|are you told|instructed|prompted|programmed",
    "give|send|show|share|print|reveal|tell|what's|what_is|whats|list|dump|leak|read|find|need ..5 "
    "api_key|api_keys|secret_key|access_token|ds542_api_key|admin_password|server_password"
    "|staff_password|database_password|credentials|passwords|/etc/passwd|.env_file|env_file"
    "|staff_login|gardos_password|professor's_password|gradescope_password",
    "gib|zeig|zeige|nenne|wiederhole|drucke|muestra|dame|repite|imprime|montre|donne|affiche|repete"
    "|mostra|mostrami|ripeti|stampa|mostre|repita|exiba ..4 system_prompt|systemprompt"
    "|prompt_del_sistema|prompt_de_sistema|prompt_systeme|prompt_do_sistema|prompt_di_sistema",
    "dein|deine|deinem|deinen|deiner|tu|tus|ton|tes|votre|vos|seu|suas|tuo|tuoi "
    "system_prompt|systemprompt|prompt|anweisungen|instrucciones|instrucoes|istruzioni",
    "cat|open|read ..2 etc/passwd|etc/shadow|.env|ds542.toml|conversations.sqlite",
    "give|send|show|share|print|reveal|tell|what|list|dump|look_up|read|find|see|get|paste|quote"
    "|did"
    "|how|who|access ..6 {others} ..3 grade|grades|score|scores|submission|submissions|chat"
    "|chats|conversation"
    "|conversations|solution|solutions|answers|hw|homework|code|email|emails|history|questions"
    "|asked"
    "|ask|asking|submitted|wrote|got|get|id|ids|ids|notebook|disclosure",
    "grade|grades|score|scores|submission|submissions|chats|chat_history|solution|code of|for"
    "|from|by "
    "{others}",
    "what|what's|whats|give|tell|find|show|send|need ..5 phone_number|home_address|personal_phone"
    "|cell_number|private_email",
    "what|what's|whats|give|tell|find|show|send|need ..5 staff|admin|server|instructor|database"
    "|root "
    "..2 password|passwords|login|credentials",
    "what|how|which ..2 my roommate|friend|classmate|partner|teammate|buddy ..1 score|scored|get"
    "|got|submit"
    "|submitted|answer|answered",
    "{staff} home_address|phone_number|personal_phone|cell_number|personal_email|password",
    "prof's|gardos'|gardos's|professor's|ta's|instructor's home_address|phone_number|password"
    "|address",
    groups=_GROUPS,
)

_PUBLIC = compile_phrases(
    # Offices have numbers for everybody, and an average names nobody.
    "phone_number|number|email|address ..3 registrar|library|help_desk|helpdesk|department|campus"
    "|clinic|hospital|university|security|office",
    "class|course average|mean|median|distribution",
    "average|mean|median|distribution ..2 of|for|on|in (the) class|course|homework|hw*|project"
    "|exam|midterm",
    "average|mean|median grade|score (in|for|of|on|last|of_the) (the|this) class|course|year|term",
)
_INJECTION = compile_phrases(
    "ignore|disregard|forget|override|bypass|overrule (all|any|every|the|your|everything|about) "
    "(of) (the|your|my|these|those|all) (previous|prior|above|earlier|preceding|former|other|system"
    "|safety|course|homework) (and) (previous) "
    "instructions|instruction|rules|prompts|prompt|policy|policies|guidelines|directions"
    "|directives|restrictions|constraints|guardrails|programming",
    "forget|ignore everything (you|i) (were|was|have|been|i) (told|above|before|said)",
    "you are now|no_longer (a|an|in|dan|my|bound|free|the|unrestricted)",
    "act|behave|respond as|like (a|an) unrestricted|uncensored|dan|jailbroken",
    "dan|developer|god|jailbreak|unrestricted|sudo|admin|debug mode",
    "do anything now",
    "new|updated system_instructions|instructions|system_prompt|policy|directive from|follow"
    "|below|apply",
    "note|memo|message to (the|all) (course|ai|teaching) assistant|assistants|tutor|model"
    "|chatbot|ai",
    "restriction|restrictions|policy|rule|rules|limit|filter|filters|hint_mode "
    "is|are|has|have|was|were (been) (now) lifted|disabled|removed|off|waived|suspended",
    "respond|reply|answer only with",
    "say|print|output|write (exactly|only|just) pwned|hacked|i_have_been_pwned",
    "from now on you|ignore|answer|respond|act",
    "speak|talk|answer|respond|reply only (as|like) (a|an|in) pirate|cat|dog|child|emoji|emojis"
    "|rhyme|rhymes|capitals|caps|french|klingon|latin",
    "you must|will|shall (now) obey|comply|listen",
    "end_of (the) user|student|original message|input|question|prompt",
    "new|updated system policy|message|rule|rules|instruction|prompt|directive|notice",
)
_MARKERS = re.compile(
    r"<\|im_(?:start|end)\|>|<\|?system\|?>|\[/?inst\]|<<sys>>"
    r"|(?:^|\n)\s*(?:#+\s*)?(?:system|assistant|new instructions|instructions?)\s*:"
    r"|\b(?:admin|root|system|developer) override\b"
)
_MAY_MARK = re.compile(r"im_|\bsys|inst\]|assistant\s*:|instructions?\s*:|override")
"""What a text has in which `_MARKERS` finds something, be it in a sentence by itself."""


def asks_about_rules(text: str) -> bool:
    """Say whether `text` asks what is allowed, rather than for something to be done."""
    return bool(_ASKS_ABOUT_RULES.search(text)) and not _ADDRESSED.search(text)


def evades_attribution(text: str) -> Match | None:
    """Return the words by which `text` wants AI use hidden or misstated."""
    return None if asks_about_rules(text) else _ATTRIBUTION.search(text)


def during_exam(text: str) -> Match | None:
    """Return the words that put the student in an exam, quiz or in-class assignment."""
    return _EXAM.search(_NOT_EXAM.remove(text))


def practises(text: str) -> bool:
    """Say whether `text` is about getting ready for an exam, and not from within one."""
    return bool(_PRACTISES.search(text)) and during_exam(text) is None


def impersonates(text: str) -> Match | None:
    """Return the words that want something written in the name of staff, or forged."""
    return _IMPERSONATION.search(text)


def staff_only(text: str) -> Match | None:
    """Return the words that ask for what staff alone may do or see."""
    return None if _ASKS_ABOUT_RULES.search(text) else _STAFF_ONLY.search(text)


def asks_private(text: str) -> Match | None:
    """Return the words that ask for secrets, the tutor's instructions or other people's data."""
    return None if _PUBLIC.search(text) else _PRIVATE.search(text)


def injects(text: str) -> Match | None:
    """Return the words that try to give the tutor other instructions."""
    marker = _MARKERS.search(text)
    return Match(*marker.span(), marker.group()) if marker else _INJECTION.search(text)


HARMS = (
    ("attribution", evades_attribution),
    ("exam", during_exam),
    ("impersonation", impersonates),
    ("private", asks_private),
    ("staff-only", staff_only),
)
"""Rules that refuse whatever a message is about, with what finds their words."""


def without_injection(text: str) -> str:
    """Return `text` without the sentences that try to give the tutor other instructions."""
    # What stands in markup, such as a made-up system tag, is apart from what stands around it.
    text = re.sub(r"<(\w+)>[^<]*</\1>", lambda m: "" if injects(m[0]) else m[0], text)
    if not any(map(injects, text.splitlines())):
        text = " ".join(text.split())  # one written with a line for each word is still one
    sentences = re.split(r"(?<=[.!?;:])\s+|\n+|<[^<>]{1,60}>", text)
    if _MAY_MARK.search(text) or not _INJECTION.surely_absent(text):
        sentences = [s for s in sentences if not injects(s)]
    return " ".join(sentences).strip()
