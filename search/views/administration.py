"""`/-/admin/search`: state of the index, and synonyms."""

from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts import rules as people_rules
from core.actors import ActorRequest
from core.forms import attempt
from search import commands, queries
from search.forms import SynonymForm


def admin_search(request: ActorRequest) -> HttpResponse:
    """Which index answers, what waits, and all synonyms; a form for one more."""
    people_rules.can_administer_site(request.actor).require()
    form = SynonymForm(request.POST or None)
    if request.method == "POST" and attempt(form, lambda _given: commands.save_synonym(request.actor, None, terms=form.cleaned_terms())):
        return redirect("admin_search")
    current, building, waiting = queries.standing()
    context = {
        "tab": "search",
        "form": form,
        "synonyms": queries.synonym_rows(),
        "current": current,
        "building": building,
        "waiting": waiting,
    }
    return render(request, "search/admin.html", context, status=422 if form.errors else 200)


def admin_synonym(request: ActorRequest, pk: int) -> HttpResponse:
    """Change or delete one."""
    people_rules.can_administer_site(request.actor).require()
    row = queries.synonym(pk)
    if request.method == "POST" and request.POST.get("act") == "delete":
        commands.delete_synonym(request.actor, row)
        return redirect("admin_search")
    form = SynonymForm(request.POST or None, initial={"terms": "\n".join(row.terms)})
    if request.method == "POST" and attempt(form, lambda _given: commands.save_synonym(request.actor, row, terms=form.cleaned_terms())):
        return redirect("admin_search")
    return render(request, "search/admin_synonym.html", {"tab": "search", "form": form, "synonym": row}, status=422 if form.errors else 200)
