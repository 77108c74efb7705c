// Presses "Continue" for people whose browser runs scripts; the page works without.
HTMLFormElement.prototype.submit.call(document.getElementById("authorization-response"));
