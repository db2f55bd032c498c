//! Whatever is changed in what was approved, in what would be sent, in a code or in what is handed over:
//! it is not accepted. The changes are drawn, the same each time; `RUNBOOK_LONG=1` draws ten times as many.

#![expect(clippy::disallowed_macros, reason = "each proof says how many changes it drew")]

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::base::Digest;
use crate::run::samples::{advance, approval, card, order, signature, terms};
use crate::run::{
    Advance, Approval, ApprovedOrder, Code, Effect, HandedOver, KeptPlan, Order, Request, Terms,
};

/// How many changes of each sort are drawn.
#[expect(clippy::disallowed_methods, reason = "a test asks how long it may take")]
fn times(count: usize) -> usize {
    count
        * if std::env::var_os("RUNBOOK_LONG").is_some_and(|long| !long.is_empty()) { 10 } else { 1 }
}

/// xorshift64*: what is drawn is the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16;
        usize::try_from(drawn).unwrap_or(0) % limit.max(1)
    }

    /// Changes one leaf, at a place that is drawn.
    fn leaf(&mut self, value: &mut Value) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                let place = self.below(map.len());
                self.leaf(map.iter_mut().nth(place).expect("it is within").1);
            }
            Value::Array(list) if list.is_empty() => list.push(Value::String("more".into())),
            Value::Array(list) => match self.below(4) {
                0 => {
                    let place = self.below(list.len());
                    list.remove(place);
                }
                1 => list.push(list[0].clone()),
                _ => {
                    let place = self.below(list.len());
                    self.leaf(&mut list[place]);
                }
            },
            Value::String(text) => *text = self.text(text),
            Value::Number(number) => {
                *value = Value::from(number.as_u64().unwrap_or(0) + 1 + self.below(9) as u64);
            }
            Value::Bool(flag) => *flag = !*flag,
            Value::Null => *value = Value::String("something".into()),
            Value::Object(map) => {
                map.insert("more".into(), Value::String("x".into()));
            }
        }
    }

    /// The same text with one character changed, left out, or put in.
    fn text(&mut self, text: &str) -> String {
        const SIGNS: [char; 8] = ['0', '1', 'a', 'f', 'x', '7', 'Z', '/'];
        let mut signs: Vec<char> = text.chars().collect();
        let (place, sign) = (self.below(signs.len()), SIGNS[self.below(SIGNS.len())]);
        match self.below(6) {
            0 if !signs.is_empty() => drop(signs.remove(place)),
            1 => signs.insert(place, sign),
            _ if signs.is_empty() => signs.push(sign),
            _ => signs[place] = sign,
        }
        signs.into_iter().collect()
    }

    /// Something else of the same type; none where the change makes nothing of that type, which no
    /// reader would take.
    fn another<T: Serialize + DeserializeOwned + PartialEq>(&mut self, of: &T) -> Option<T> {
        loop {
            let mut value = serde_json::to_value(of).unwrap();
            self.leaf(&mut value);
            match serde_json::from_value::<T>(value) {
                Err(_) => return None,
                Ok(other) if other != *of => return Some(other),
                Ok(_) => {}
            }
        }
    }
}

/// An order, and what approves it: typed by one, or signed by two.
struct Case {
    order: Order,
    request: Digest,
    approvals: Vec<Approval>,
}

fn typed() -> Case {
    let order = order(Effect::Destroy, "drop");
    let approval = approval(&order);
    Case { request: approval.request().unwrap(), order, approvals: vec![approval] }
}

fn signed() -> Case {
    let order = order(Effect::Destroy, "drop");
    let card = card(&order);
    let terms = Terms { needed: 2, ..terms(&card) };
    let by = |name| Approval::signed(&card, &terms, &signature(name)).unwrap();
    let approvals = vec![by("ana@example.org"), by("ben@example.org")];
    Case { request: terms.request(card.digest), order, approvals }
}

fn then() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(60)
}

impl Case {
    fn admits(&self, order: &Order, approvals: &[Approval], at: Timestamp) -> bool {
        ApprovedOrder::admit(order.clone(), self.request, approvals, at).is_ok()
    }

    fn admits_itself(&self, at: Timestamp) -> bool {
        self.admits(&self.order, &self.approvals, at)
    }
}

#[test]
fn no_changed_approval_is_accepted() {
    let mut chance = Chance(7);
    let mut accepted = 0;
    for case in [typed(), signed()] {
        assert!(case.admits_itself(then()), "as it is, it is accepted");
        for _ in 0..times(2_000) {
            let mut approvals = case.approvals.clone();
            let place = chance.below(approvals.len());
            let bound = Bound::of(&approvals[place]);
            let Some(other) = chance.another(&bound) else { continue };
            approvals[place] = other.approval(&approvals[place]);
            accepted += usize::from(case.admits(&case.order, &approvals, then()));
        }
    }
    println!("{} changed approvals, {accepted} accepted", times(4_000));
    assert_eq!(accepted, 0);
}

/// What of an approval is bound: all but who typed, and how a signature looks, which is for `ssh-keygen`.
#[derive(PartialEq, Serialize, serde::Deserialize)]
struct Bound {
    card: Value,
    orders: Value,
    terms: Terms,
}

impl Bound {
    fn of(approval: &Approval) -> Self {
        let value = serde_json::to_value(approval).unwrap();
        Self {
            card: value["card"].clone(),
            orders: value["orders"].clone(),
            terms: approval.terms().unwrap().clone(),
        }
    }

    /// The approval with this in place of its own; one that no reader takes is as good as none.
    fn approval(self, of: &Approval) -> Approval {
        let mut value = serde_json::to_value(of).unwrap();
        value["card"] = self.card;
        value["orders"] = self.orders;
        value["terms"] = serde_json::to_value(self.terms).unwrap();
        let unread = serde_json::json!({"card": Digest::of(""), "orders": [], "by": "nobody"});
        serde_json::from_value(value).unwrap_or_else(|_| serde_json::from_value(unread).unwrap())
    }
}

#[test]
fn nothing_else_is_sent_by_an_approval() {
    let mut chance = Chance(11);
    let mut accepted = 0;
    let case = typed();
    for _ in 0..times(2_000) {
        let mut other = case.order.clone();
        if chance.below(4) == 0 {
            let Some(id) = chance.another(&other.id) else { continue };
            other.id = id;
        } else {
            let Some(payload) = chance.another(&other.payload) else { continue };
            other.payload = payload;
        }
        accepted += usize::from(case.admits(&other, &case.approvals, then()));
    }
    println!("{} changed orders, {accepted} accepted", times(2_000));
    assert_eq!(accepted, 0);
}

#[test]
fn an_approval_stands_for_its_time_only_and_so_many_people_are_needed() {
    let case = typed();
    let put = Timestamp::UNIX_EPOCH;
    let minutes = |minutes| put + SignedDuration::from_mins(minutes);
    assert!(case.admits_itself(put) && case.admits_itself(minutes(14)));
    assert!(!case.admits_itself(minutes(15)), "it is too old");
    assert!(!case.admits_itself(put - SignedDuration::from_secs(1)), "the clock went back");
    let two = signed();
    let (first, second) = (&two.approvals[0], &two.approvals[1]);
    let admits = |approvals: &[Approval]| two.admits(&two.order, approvals, then());
    assert!(admits(&[first.clone(), second.clone()]));
    assert!(!admits(std::slice::from_ref(first)) && !admits(&[]));
    assert!(!admits(&[first.clone(), first.clone()]), "one person twice");
    let of_key = |by: &str, key: &str| {
        let text = serde_json::json!({"by": by, "key": key, "text": "x"});
        let signature = serde_json::from_value(text).unwrap();
        let card = card(&two.order);
        Approval::signed(&card, &Terms { needed: 2, ..terms(&card) }, &signature).unwrap()
    };
    let one_key = [of_key("ana", "SHA256:a"), of_key("ben", "SHA256:a")];
    assert!(!admits(&one_key), "one key twice, under two names");
    let one_name = [of_key("ana", "SHA256:a"), of_key("ana", "SHA256:b")];
    assert!(!admits(&one_name), "one name twice, with two keys");
    assert!(!admits(&typed().approvals), "typed words where signatures are needed");
}

fn kept() -> (KeptPlan, Code) {
    let Advance { nonce, expires, outlook } = advance();
    let code = Code::of(nonce, expires, &outlook);
    (KeptPlan { nonce, expires, outlook: vec![outlook] }, code)
}

#[test]
fn no_changed_code_and_no_changed_plan_answers() {
    let mut chance = Chance(13);
    let (kept, code) = kept();
    let outlook = kept.outlook[0].clone();
    let find = |kept: &KeptPlan, code: &Code| {
        let place = (outlook.text, outlook.environment.as_ref());
        Advance::find(std::slice::from_ref(kept), place, &outlook.step, code, then())
    };
    assert!(find(&kept, &code).is_ok(), "as it is, it is accepted");
    let mut accepted = 0;
    let written = code.to_string();
    for _ in 0..times(1_000) {
        let Ok(other) = chance.text(&written).parse::<Code>() else { continue };
        accepted += usize::from(!other.is(&code) && find(&kept, &other).is_ok());
    }
    for _ in 0..times(1_000) {
        let Some(other) = chance.another(&kept) else { continue };
        let same = |one: &KeptPlan| one.outlook.first() == Some(&outlook);
        let is_same = same(&other) && (other.nonce, other.expires) == (kept.nonce, kept.expires);
        accepted += usize::from(!is_same && find(&other, &code).is_ok());
    }
    for _ in 0..times(1_000) {
        let Some(other) = chance.another(&outlook) else { continue };
        let differs = outlook.difference(&other).is_some();
        let only_shown = other.digest() == outlook.digest();
        accepted += usize::from(!differs && !only_shown);
    }
    println!("{} changed codes and plans, {accepted} accepted", times(3_000));
    assert_eq!(accepted, 0);
}

#[test]
fn nothing_changed_on_its_way_is_taken() {
    let mut chance = Chance(17);
    let card = card(&order(Effect::Destroy, "drop"));
    let request = Request { terms: terms(&card), card };
    let (text, mut accepted) = (request.to_text(), 0);
    for _ in 0..times(500) {
        let other = chance.text(&text);
        // Around it, and in its white space, anything may stand.
        let taken = Request::parse(&other).is_ok_and(|taken| taken != request);
        accepted += usize::from(taken);
    }
    let handed = HandedOver { request: request.digest(), signature: "U1NIU0lH".repeat(40) };
    let line = handed.to_text();
    for _ in 0..times(300) {
        let other = chance.text(&line);
        let taken = HandedOver::parse(&other);
        // One that is whole and says the same request has another signature: `ssh-keygen` is asked.
        let is_of_it = |taken: &HandedOver| taken.request == handed.request;
        let as_it_was = taken.as_ref() == Some(&handed) && other.trim() != line;
        let forged = taken.is_some_and(|taken| is_of_it(&taken) && taken.signature.is_empty());
        accepted += usize::from(as_it_was || forged);
    }
    println!("{} texts changed on their way, {accepted} accepted", times(800));
    assert_eq!(accepted, 0);
}
