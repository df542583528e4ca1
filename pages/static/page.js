// What all pages share. A form with data-now is sent as soon as something is chosen in it; text is sent by Enter.
document.addEventListener("change", ({ target }) => {
  if (target.matches("form[data-now] :is(select, [type=date])")) target.form.requestSubmit();
});
