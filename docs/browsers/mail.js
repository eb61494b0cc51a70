// The page that `MailLink` leads to: https://app.example.com/mail.html#{code}. It sends
// nothing until somebody clicks: mail scanners open links, and some of them run scripts.

const url = document.querySelector("meta[name=gatehouse]").content;
const element = (id) => document.getElementById(id);
const say = (text) => {
  element("status").textContent = text;
};

/** What each kind of code does. The beginning of a code says its kind. */
const kinds = {
  gh_rc_: {
    form: "reset",
    path: "/password/reset",
    body: (code, form) => ({ code, new_password: form.password.value }),
    done: "Your new password is set. You can log in with it now.",
  },
  gh_ev_: {
    form: "verify",
    path: "/email/verify",
    body: (code, form) => ({ code, password: form.password.value }),
    done: "Your address is verified.",
  },
  gh_ec_: {
    form: "cancel",
    path: "/email/cancel",
    body: (code) => ({ code }),
    done:
      "The change is cancelled, and you are logged out everywhere. Whoever asked for it knew " +
      "your password, so choose a new one.",
  },
};

let code;

/** Takes the code out of the address bar, and shows the form for it. */
function readCode() {
  // Whatever follows the `#` is never sent to a server. Remove it, so that it does not stay
  // in the history of the browser either.
  code = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  const kind = kinds[code.slice(0, 6)];
  for (const { form } of Object.values(kinds)) {
    element(form).reset();
    element(form).hidden = form !== kind?.form;
  }
  say(kind ? "" : "There is no code in the link. Open it again, or copy all of it from the mail.");
}

async function act(kind, form) {
  say("");
  try {
    const response = await fetch(url + kind.path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(kind.body(code, form)),
    });
    if (!response.ok) return say(explanation(await response.json()));
    form.hidden = true;
    form.reset();
    say(kind.done);
  } catch {
    say("The service cannot be reached: try again.");
  }
}

function explanation(problem) {
  switch (problem.code) {
    case "invalid_code":
      return "The link has expired or has already been used. Ask for a new mail.";
    case "invalid_credentials":
      return "The password is wrong.";
    case "email_taken":
      return "Another account has verified this address.";
    case "validation_failed":
    case "weak_password":
      return [...problem.errors.map(({ detail }) => detail), ...(problem.suggestions ?? [])].join(" ");
    case "too_many_requests":
      return "Too many attempts: try again later.";
    default:
      return "The service failed: try again later.";
  }
}

for (const kind of Object.values(kinds)) {
  const form = element(kind.form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(kind, form);
  });
}
// A link that is opened in a tab with this page only changes what follows the `#`.
addEventListener("hashchange", readCode);
readCode();
