"""What the voices of a conversation say; written for this benchmark, without figures."""

LINES = [
    "Good morning, everyone. Shall we begin with the report on the new building?",
    "Yes. The foundations are finished, and the walls of the ground floor are almost done.",
    "That is earlier than I expected. Who is responsible for the electrical work?",
    "A small company from the next town. They have promised to begin on Monday.",
    "I would like to see their plans before they start. Can you send them to me?",
    "Of course. You will have them this afternoon, together with the list of materials.",
    "Let us talk about money. Are we still within the budget that the council approved?",
    "Just about. Steel has become more expensive, but the timber cost less than we thought.",
    "Then I suggest that we keep a reserve for the roof. Roofs always bring surprises.",
    "I agree. The last one leaked for a whole winter before anybody found the reason.",
    "What about the garden? The neighbours asked me whether the old trees will stay.",
    "All of them stay, except the one beside the gate. It is hollow and might fall.",
    "Please tell the neighbours before it is cut down. They are fond of that tree.",
    "I will visit them tomorrow evening, and perhaps we can plant a new one with them.",
    "That is a fine idea. Is there anything else that we should decide today?",
    "The colour of the front door. The architect wants blue, and the school prefers green.",
    "Why not ask the children? They will walk through that door every morning.",
    "Wonderful. I will bring two samples of paint, and they can vote before lunch.",
    "Then we are finished for today. Thank you all, and have a pleasant weekend.",
    "Thank you. Our next meeting is on Thursday, in the library, at the usual time.",
]
